import { ReeveError } from '../../base/errors.ts'
import { formatUsd } from '../../base/money.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { formatMs, moment } from '../../base/time/time.ts'
import type { RunStory } from '../../inspect/run/story/run-story.ts'
import type { StoryEvent } from '../../inspect/run/story/timeline.ts'
import type { Backend } from '../backend/backend.ts'
import { withRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'
import { toned } from './event-line.ts'
import { statusColor } from './lists.ts'
import { printBelief, printContext, printGoal, printTools } from './show-story.ts'

/** Answers the four questions about a run from its journal; then how it went, what it cost, whether the chain holds. */
export function show(
  cli: Cli,
  options: { events?: boolean; after: string; limit: string },
  text: string,
): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withRun(cli, text, async (backend, id) => {
    if (options.events) return printEvents(cli, backend, id, { after: toSeq(options.after), limit })
    const { story, left, lack } = await backend.story(id, limit)
    const { run } = story
    const { terminal } = cli
    const { bold, dim, green, red } = terminal.colors
    terminal.value({ ...story, notShown: left })
    terminal.line(
      `run ${bold(id)} ${statusColor(run.status, terminal.colors)(run.status)}${run.paused ? ' (paused)' : ''}`,
    )
    if (['running', 'queued'].includes(run.status) && (await backend.workers()).length === 0)
      terminal.line(`  no worker is running; it continues when one does: ${cli.command('dev')}`)
    if (lack !== undefined) terminal.line(`  ${safeLine(lack)}; start one that has it: ${cli.command('dev')}`)
    if (story.chapter)
      terminal.line(
        `  chapter ${story.chapter.number}, since ${moment(Date.parse(story.chapter.since))}, from event ${story.chapter.fromEvent} on; what follows is of this chapter`,
      )
    if (story.chapter?.prunedEvents) terminal.line(`  ${deletedUpTo(story.chapter.prunedEvents)}`)
    printGoal(cli, story)
    printContext(cli, story)
    printTools(cli, story)
    printBelief(cli, story)
    terminal.line(`\n${bold('How it went')}`)
    const header = ['#', 'time', 'took', 'call', 'event', 'name', 'solver', 'tokens', 'cost', ''].map(dim)
    for (const line of table(
      header,
      story.timeline.map((event) => timelineCells(cli, event)),
    ))
      terminal.line(`  ${line}`)
    printPaidCalls(cli, story)
    const cut = Object.entries(left).map(([what, count]) => `${count} ${what}`)
    if (cut.length > 0)
      terminal.line(
        dim(
          `\nnot shown: ${cut.join(', ')} before these; see more with --limit ${limit * 10}, the journal with --events`,
        ),
      )
    const { total, chain } = story
    const unsettled =
      total.unsettledUsd > 0
        ? `, up to ${formatUsd(total.unsettledUsd)} more for calls that were cut off`
        : ''
    const tokens =
      total.inputTokens + total.outputTokens > 0
        ? ` (${total.inputTokens} tokens in, ${total.outputTokens} out)`
        : ''
    const took = total.ms === null ? 'not ended yet' : formatMs(total.ms)
    terminal.line(
      `\ncost ${formatUsd(total.costUsd)}${tokens}${unsettled} · time ${took} · ${chain.events} events`,
    )
    terminal.line(
      chain.fault
        ? red(`✗ the hash chain breaks at event ${chain.fault.seq}: ${chain.fault.problem}`)
        : green('✓ the hash chain holds'),
    )
    return exitCodes.done
  })
}

function deletedUpTo(seq: number): string {
  return `events 1 to ${seq}, of earlier chapters, were deleted by retention`
}

function timelineCells(cli: Cli, event: StoryEvent): string[] {
  const { colors } = cli.terminal
  return [
    String(event.seq),
    moment(Date.parse(event.at)),
    event.ms === null ? '' : formatMs(event.ms),
    event.call === null ? '' : String(event.call),
    toned(event.tone, event.type, colors),
    event.name === null ? '' : briefLine(event.name, 30),
    event.solver === null ? '' : `${safeLine(event.solver)} (${event.solverKind})`,
    event.inputTokens === null || event.inputTokens + event.outputTokens! === 0
      ? ''
      : `${event.inputTokens} in, ${event.outputTokens} out`,
    event.costUsd === null ? '' : formatUsd(event.costUsd),
    event.solver === null ? briefLine(event.words, 70) : '',
  ]
}

function printPaidCalls({ terminal }: Cli, { modelCalls }: RunStory): void {
  if (modelCalls.length === 0) return
  const { bold, dim } = terminal.colors
  terminal.line(`\n${bold('Which paid calls of models were made')}`)
  const header = ['time', 'model', 'agent', 'in', 'cached', 'out', 'cost', ''].map(dim)
  const rows = modelCalls.map((call) => [
    moment(Date.parse(call.at)),
    safeLine(call.model),
    call.agent === null ? '' : safeLine(call.agent),
    String(call.inputTokens),
    String(call.cachedInputTokens),
    String(call.outputTokens),
    formatUsd(call.costUsd),
    call.outcome,
  ])
  for (const line of table(header, rows)) terminal.line(`  ${line}`)
}

/** @throws `bad-option` */
function toSeq(text: string): number {
  const seq = Number(text)
  if (Number.isSafeInteger(seq) && seq >= 0) return seq
  throw new ReeveError('bad-option', `--after is "${text}"; it must be the number of an event, from 0 on.`)
}

async function printEvents(
  cli: Cli,
  backend: Backend,
  run: string,
  { after, limit }: { after: number; limit: number },
): Promise<ExitCode> {
  const { terminal } = cli
  const { events, prunedEvents, more } = await backend.events(run, { after, limit })
  terminal.value({ events, prunedEvents, more })
  if (after < prunedEvents) terminal.line(terminal.colors.dim(deletedUpTo(prunedEvents)))
  for (const { seq, at, type, call, name, payload } of events) {
    const of = call === null ? '' : ` call ${call}`
    terminal.line(`${seq} ${at} ${type}${of}${name === null ? '' : ` ${safeLine(name)}`}`)
    if (payload !== null) terminal.line(`    ${briefLine(JSON.stringify(payload), 2000)}`)
  }
  if (more) {
    const next = cli.command('show', run, '--events', '--after', String(events.at(-1)!.seq))
    terminal.line(terminal.colors.dim(`more with: ${next}`))
  }
  return exitCodes.done
}
