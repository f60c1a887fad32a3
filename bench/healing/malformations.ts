import type { Base } from './bases.ts'

/** How a model spoils a right answer. */
export const malformations: Record<string, (base: Base) => string> = {
  'prose before': (base) => `Sure! Here is the JSON you asked for:\n\n${compact(base)}`,
  'prose around': (base) =>
    `Based on the message, I would say:\n${pretty(base)}\nLet me know if you need anything else.`,
  'code fence': (base) => fenced(pretty(base), 'json'),
  'code fence without language, in prose': (base) =>
    `The result:\n${fenced(pretty(base), '')}\nI hope this helps.`,
  'tags around': (base) => `<answer>\n${pretty(base)}\n</answer>`,
  'reasoning before': (base) =>
    `<think>\nThe sender could mean {either of two things}; see [above].\n</think>\n${compact(base)}`,
  'role before': (base) => `assistant: ${compact(base)}<|im_end|>`,
  'byte order mark': (base) => `\uFEFF${compact(base)}`,
  'trailing commas': (base) => pretty(base).replace(/(["\dle\]}])\n(\s*[}\]])/g, '$1,\n$2'),
  'line comment': (base) => pretty(base).replace('\n', ' // as stated in the input\n'),
  'block comment': (base) => pretty(base).replace('{', '{ /* facts only */'),
  'line breaks in strings': (base) => compact(base).replaceAll(String.raw`\n`, '\n'),
  'same object twice': (base) => `${compact(base)}\n\n${pretty(base)}`,
  'extra field': (base) => JSON.stringify({ ...base.value, explanation: 'as the message says' }),
  'single quotes': (base) => compact(base).replaceAll("'", String.raw`\'`).replaceAll('"', "'"),
  'unquoted keys': (base) => pretty(base).replace(/^(\s*)"(\w+)":/gm, '$1$2:'),
  'Python literals': (base) => pythonOf(base.value),
  'smart quotes': (base) => compact(base).replace(/"([^"]*)"/g, '“$1”'),
  'missing comma': (base) => pretty(base).replace(',\n', '\n'),
  'unescaped quotes': (base) => compact(base).replace(/:"(\w)/, ':""$1'),
  NaN: (base) => withSecond(base, 'NaN'),
  'ellipsis for the rest': (base) => `${pretty(base).split('\n').slice(0, 3).join('\n')}\n  ...\n}`,
  'cut in the middle': (base) => compact(base).slice(0, Math.ceil(compact(base).length * 0.6)),
  'cut at the last bracket': (base) => pretty(base).slice(0, -1),
  'cut inside a fence': (base) => `\`\`\`json\n${pretty(base).slice(0, -6)}`,
  'wrong enum': (base) => {
    const [first] = Object.entries(base.value)
    return JSON.stringify({ ...base.value, [first![0]]: `${String(first![1])}_request` })
  },
  'wrong type': (base) => withSecond(base, JSON.stringify(`about ${String(Object.values(base.value)[1])}`)),
  'number as text': (base) => withSecond(base, JSON.stringify(String(Object.values(base.value)[1]))),
  'missing field': (base) => JSON.stringify(Object.fromEntries(Object.entries(base.value).slice(1))),
  'null for a field': (base) => withSecond(base, 'null'),
  'two objects': (base) => `${JSON.stringify(otherOf(base))}\nOn second thought:\n${compact(base)}`,
  'two objects, the right one first': (base) => `${compact(base)}\n${JSON.stringify(otherOf(base))}`,
  'key twice, the right one last': (base) => compact(base).replace('{', `{${firstOf(otherOf(base))},`),
  'key twice, the right one first': (base) => compact(base).replace(/\}$/, `,${firstOf(otherOf(base))}}`),
  'JSON inside a string': (base) => JSON.stringify(compact(base)),
  'wrapped in an object': (base) => JSON.stringify({ answer: base.value }),
  'wrapped in a list': (base) => JSON.stringify([base.value]),
  refusal: () => 'I am sorry, but I cannot help with that request.',
  empty: () => '\n',
}

function compact({ value }: Base): string {
  return JSON.stringify(value)
}

function pretty({ value }: Base): string {
  return JSON.stringify(value, null, 2)
}

function fenced(text: string, language: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}

/** With another text in the place of the second property's value, which is a number. */
function withSecond(base: Base, text: string): string {
  const [key, value] = Object.entries(base.value)[1]!
  return compact(base).replace(
    `${JSON.stringify(key)}:${JSON.stringify(value)}`,
    `${JSON.stringify(key)}:${text}`,
  )
}

/** The answer as it would be with another choice: it fits the schema and is wrong. */
function otherOf({ schema, value }: Base): Record<string, unknown> {
  const [key, chosen] = Object.entries(value)[0]!
  const { options } = schema.shape[key] as unknown as { options: string[] }
  return { ...value, [key]: options.find((option) => option !== chosen) }
}

function firstOf(value: Record<string, unknown>): string {
  const [key, first] = Object.entries(value)[0]!
  return `${JSON.stringify(key)}:${JSON.stringify(first)}`
}

function pythonOf(value: unknown): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll("'", String.raw`\'`)}'`
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(', ')}]`
  if (typeof value !== 'object') return String(value)
  return `{${Object.entries(value)
    .map(([key, inner]) => `'${key}': ${pythonOf(inner)}`)
    .join(', ')}}`
}
