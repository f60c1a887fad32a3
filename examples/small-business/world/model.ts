import type { Books } from './books.ts'
import type { Chance } from './chance.ts'
import { drifts } from './faults.ts'
import { leadKinds, signs } from './letters.ts'
import { topics } from './life.ts'
import { fieldsOf, notFound, type Reply, refuse, type Service } from './service.ts'
import { decide } from './steward.ts'

/** What the owner wants at the end of each article. The writer leaves it out until somebody says so. */
export const invitation = 'Write to us, and a person answers on the same day.'

/** Simulated prices: US dollars for a million tokens, as `reeve.config.ts` has them. */
const prices: Record<string, { input: number; output: number }> = {
  steward: { input: 1, output: 5 },
  reader: { input: 1, output: 5 },
  writer: { input: 3, output: 15 },
  mender: { input: 3, output: 15 },
}

/**
 * What stands in for a provider of models: the wire format of OpenAI's chat completions, with scripted answers. It is no model:
 * `steward` follows a list of priorities, `reader` looks for words, `writer` fills in a form,
 * `mender` knows the changes of `faults.ts` by heart. It errs as models do, by the seed:
 * prose around its JSON, five decisions in the place of one, a directive that is closed, an article that is too short, 429.
 */
export function modelOf(books: Books, chance: Chance): Service {
  // How lucky it is goes by what it is asked or by its own calls: what another model is asked changes nothing.
  function answer(model: string, { system, data, feedback }: Prompt, no: number): string {
    const about = JSON.stringify(data)
    if (system.startsWith('Task: decide.')) return decide(data, { chance, no, isMending: feedback })
    if (model === 'mender') return mend(data, chance('mends', no))
    if (model === 'reader') return read(about, chance('reads', about), feedback)
    const isTold = system.includes(invitation)
    return write(about, { isShort: chance('writes', no) < 0.06 && !feedback, isTold })
  }

  return ({ method, path, body, now }): Reply => {
    if (method !== 'POST' || path !== '/v1/chat/completions') return notFound
    const { model, messages } = fieldsOf(body) as { model: string; messages: Sent[] }
    const price = prices[model]
    if (!price) return refuse(`there is no model ${model}`, 404)
    const no = books.count('select count(*) from model_calls where model = ?', model) + 1
    const inputTokens = Math.ceil(JSON.stringify(messages).length / 4)
    if (chance('busy', no) < 0.01) {
      books.run('insert into model_calls (at, model, cost_nano) values (?, ?, 0)', now, model)
      return refuse('too many requests; try again later', 429)
    }
    const text = answer(model, readPrompt(messages), no)
    const outputTokens = Math.ceil(text.length / 4)
    const nano = Math.round((inputTokens * price.input + outputTokens * price.output) * 1000)
    books.run('insert into model_calls (at, model, cost_nano) values (?, ?, ?)', now, model, nano)
    return {
      status: 200,
      body: {
        id: `chat-${model}-${no}`,
        object: 'chat.completion',
        created: Math.floor(now / 1000),
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        usage: {
          prompt_tokens: inputTokens,
          completion_tokens: outputTokens,
          total_tokens: inputTokens + outputTokens,
        },
      },
    }
  }
}

interface Sent {
  role: string
  content: string | { text?: string }[]
}

interface Prompt {
  system: string
  /** What the question is about; JSON is read. */
  data: unknown
  /** It is to mend its last answer. */
  feedback: boolean
}

function readPrompt(messages: Sent[]): Prompt {
  const textOf = ({ content }: Sent) =>
    typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('')
  const system = messages
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(textOf)
    .join('\n')
  const asked = messages.filter(({ role }) => role === 'user').map(textOf)
  const [, input = ''] = /<data name="input"[^>]*>\n([\s\S]*?)\n<\/data/.exec(asked[0] ?? '') ?? []
  return { system, data: jsonOr(input), feedback: asked.length > 1 }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The fix of a program: mostly the right one, else one that looks right, or none. */
function mend(data: unknown, luck: number): string {
  const { file, source } = fieldsOf(data) as { file: string; source: string }
  const found = drifts.find(({ mend: { file: broken, from } }) => broken === file && source.includes(from))
  if (!found || luck > 0.95) return JSON.stringify({ source, why: 'I see nothing wrong with it.' })
  const { from, to, wrong } = found.mend
  const fixed = source.replaceAll(from, luck < 0.3 ? wrong : to)
  return JSON.stringify({ source: fixed, why: `It does not know yet that ${found.what}.` })
}

function read(letter: string, luck: number, isMending: boolean): string {
  const kind = signs.find(([, sign]) => sign.test(letter))?.[0] ?? 'price'
  if (luck < 0.04 && !isMending) return `Sure! Here is the JSON you asked for:\n{"kind": "${kind}",}`
  return JSON.stringify({ kind: luck > 0.92 ? leadKinds[Math.floor(luck * 1000) % leadKinds.length] : kind })
}

function write(about: string, { isShort, isTold }: { isShort: boolean; isTold: boolean }): string {
  const topic = topics.find((each) => about.includes(each)) ?? about
  const paragraph = [
    `Most small shops hear about ${topic} only when something went wrong.`,
    `It pays to look at ${topic} once a month, on a quiet morning, with a list in hand.`,
    `Begin with what your customers see first, and write down what you would ask as one of them.`,
    `What takes ten minutes now takes a day later, and a customer who left does not tell you why.`,
    `If you want somebody to look after ${topic} for you, we do that, for a fixed price each month.`,
  ].join(' ')
  return isShort
    ? `${paragraph.slice(0, 60)}.`
    : [paragraph, paragraph.replaceAll('Most', 'Many'), paragraph, ...(isTold ? [invitation] : [])].join(
        '\n\n',
      )
}
