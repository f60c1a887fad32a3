import { ReeveError } from '../../base/errors.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { itemView } from '../../inspect/memory/item-view.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { type Item, type ItemKind, itemKinds } from '../../store/memory/items.ts'
import type { Backend, EventLine } from '../backend/backend.ts'
import { withRun } from '../backend/named/named-run.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import { toTime } from './to-time.ts'

interface SearchCommand {
  in?: string
  kind?: string[]
  asOf?: string
  trusted?: boolean
  limit: string
}

/** Finds as a recall would, and shows both scores of each item. */
export function search(cli: Cli, options: SearchCommand, text: string): Promise<ExitCode> {
  const kinds = (options.kind ?? []).map(toKind)
  return withBackend(
    cli,
    async ({ memory }) => {
      const { terminal } = cli
      const { bold, dim, yellow } = terminal.colors
      const { passages, audit, scopes } = await memory.search(text, {
        kinds,
        limit: toLimit(options.limit),
        trustedOnly: options.trusted === true,
        ...(options.in !== undefined && { in: options.in }),
        ...(options.asOf !== undefined && { asOf: toTime(options.asOf, '--as-of') }),
      })
      terminal.value({ passages, audit })
      if (passages.length === 0) {
        const there = scopes.length > 0 ? ` There are ${scopes.map(safeLine).join(', ')}.` : ''
        const why = audit.emptyScope ? ` The scope ${safeLine(audit.in!)} holds nothing.${there}` : ''
        terminal.line(`Nothing was found.${why}`)
        return exitCodes.done
      }
      const scores = new Map(audit.candidates.map((one) => [one.id, one]))
      for (const { id, source, title, text: said, score, untrusted } of passages) {
        const { words = null, vectors = null } = scores.get(id) ?? {}
        const parts = [
          words !== null && `words ${words.toFixed(2)}`,
          vectors !== null && `vectors ${vectors.toFixed(2)}`,
        ]
        const how = parts.filter(Boolean).join(', ')
        const mark = untrusted ? yellow(' from outside') : ''
        terminal.line(
          `${score.toFixed(3)} ${bold(safeLine(id))} ${safeLine(title)} ${dim(`${safeLine(source)} (${how})`)}${mark}`,
        )
        terminal.line(dim(`      ${briefLine(said, 160)}`))
      }
      return exitCodes.done
    },
    'code',
  )
}

function toKind(kind: string): ItemKind {
  const singular = kind.replace(/s$/, '')
  const found = itemKinds.find((one) => one === singular)
  if (found) return found
  throw new ReeveError('bad-option', `--kind is "${kind}"; there are ${itemKinds.join(', ')}.`)
}

/** All that an item has said, the first version first. */
export function history(cli: Cli, _options: object, id: string): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ memory }) => {
      const versions = await memory.history(id)
      cli.terminal.value({ id, versions: versions.map(itemView) })
      for (const line of versions.flatMap((version) => versionLines(cli, version))) cli.terminal.line(line)
      return exitCodes.done
    },
    'code',
  )
}

function versionLines({ terminal }: Cli, item: Item): string[] {
  const { bold, dim, yellow } = terminal.colors
  const { version, kind, scope, title, text, source, at, endedAt, endedAs, endedBy, endedWhy, untrusted } =
    item
  const where = scope === '' ? '' : ` in ${safeLine(scope)}`
  const since = `${moment(at)}${endedAt === null ? '' : ` to ${moment(endedAt)}`}`
  const lines = [
    `${bold(`version ${version}`)} ${kind}${where}, ${since}${untrusted ? yellow(' from outside') : ''}`,
    `  ${safeLine(title)} ${dim(safeLine(source))}`,
    `  ${text === '' ? dim('(its words were taken away)') : briefLine(text, 400)}`,
  ]
  if (endedAs !== null) {
    const why = endedWhy ? `: ${safeLine(endedWhy)}` : ''
    lines.push(dim(`  ${endedAs} by ${safeLine(endedBy ?? 'nobody known')}${why}`))
  }
  return lines
}

const eventsAtOnce = 1000

/** What a run looked up: every candidate with its scores and what became of it. */
export function why(cli: Cli, _options: object, named: string): Promise<ExitCode> {
  return withRun(cli, named, async (backend, run) => {
    const { terminal } = cli
    const { bold, dim } = terminal.colors
    const recalls: object[] = []
    for await (const { call, payload } of recallsOf(backend, run)) {
      const event = { type: 'recall-completed', payload: JSON.stringify(payload) } as const
      const recalled = payloadIfSound(event, 'recall-completed')
      if (!recalled) continue
      const { passages, audit } = recalled
      recalls.push({ call, passages, audit })
      const titles = new Map(passages.map((one) => [one.id, one]))
      const place = audit?.in ? ` in ${safeLine(audit.in)}` : ''
      terminal.line(`call ${call} looked for ${bold(briefLine(audit?.query ?? '', 100))}${place}`)
      for (const { id, score, outcome } of audit?.candidates ?? []) {
        const found = titles.get(id)
        const said = found ? `${safeLine(found.title)} ${dim(briefLine(found.text, 100))}` : ''
        terminal.line(`  ${score.toFixed(3)} ${outcomes[outcome] ?? outcome} ${bold(safeLine(id))} ${said}`)
      }
    }
    terminal.value({ runId: run, recalls })
    if (recalls.length === 0) terminal.line('The run looked nothing up.')
    return exitCodes.done
  })
}

async function* recallsOf(backend: Backend, run: string): AsyncGenerator<EventLine> {
  for (let after = 0; ; ) {
    const { events, more } = await backend.events(run, { after, limit: eventsAtOnce })
    yield* events.filter(({ type }) => type === 'recall-completed')
    if (!more || events.length === 0) return
    after = events.at(-1)!.seq
  }
}

const outcomes: Record<string, string> = {
  chosen: 'used',
  'repeats-a-chosen-one': 'left out: the same words as one above',
  'below-minimum': 'left out: too little alike',
  'beyond-limit': 'left out: enough were found',
}
