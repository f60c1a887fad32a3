import {
  type EventDefinition,
  type EventType,
  events,
} from '../../packages/reeve/src/store/journal/events.ts'

type Field = EventDefinition['fields'][string]

const roles = {
  run: 'The run itself begins, ends or goes on',
  call: 'An attempt begins',
  wait: 'A call waits: for a time, a person, or something to come',
  settlement: 'A call has its result, or its error',
  note: 'Something to know, which changes nothing of the run',
} as const

const shapes = {
  value: 'Payload: any JSON value; none for undefined.',
  error: 'Payload: an error: `code`, `message`, `retryable`, and where they apply `stack` and `details`.',
  nothing: 'No payload.',
}

/** What a journal may hold, as Markdown. */
export function eventsReference(): string {
  const types = Object.keys(events) as EventType[]
  const parts = Object.entries(roles).map(([role, title]) => {
    const own = types.filter((type) => events[type].role === role)
    return `## ${title}\n\nRole \`${role}\`.\n\n${own.map(section).join('\n\n')}`
  })
  return `<!-- Made by npm run reference from store/journal/events.ts. -->

# Events of a journal

Each event has its number in its run (\`seq\`), its type, the number of the \`ctx\` call it belongs to (\`step\`) and that call's
\`name\`, the time (\`at\`, ms since 1970), a hash that links it to the event before, and a payload. A payload over 256 KiB is
kept as a blob. Times in payloads are ms since 1970.

${parts.join('\n\n')}
`
}

function section(type: EventType): string {
  const { meaning, by, call, due, isLine, shape, fields } = events[type] as EventDefinition
  const about = [
    `Written by: ${by}.`,
    ...(call ? [`Belongs to a call of kind \`${call}\`.`] : []),
    ...(due ? [`Due at: \`${due}\`.`] : []),
    ...(isLine ? ['A line: written once, whatever is replayed.'] : []),
  ]
  const payload = shape === 'fields' ? table(fields) : shapes[shape]
  return `### ${type}\n\n${meaning} ${about.join(' ')}\n\n${payload}`
}

function table(fields: EventDefinition['fields']): string {
  const rows = Object.entries(fields).map(
    ([name, field]) => `| \`${name}\` | ${typeOf(field)} | ${presenceOf(field)} | ${field.meaning} |`,
  )
  return ['| field | type | there | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function typeOf({ kind, values, isNullable }: Field): string {
  const type = values ? values.map((value) => `\`${value}\``).join(', ') : kind
  return isNullable ? `${type}, null` : type
}

function presenceOf({ presence }: Field): string {
  return { always: 'always', sometimes: 'where it applies', since: 'always; not in old journals' }[presence]
}
