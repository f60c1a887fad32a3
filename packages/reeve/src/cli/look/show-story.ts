import { briefLine, briefValue, safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import type { Wait } from '../../inspect/run/story/belief.ts'
import type { RunStory } from '../../inspect/run/story/run-story.ts'
import type { ToolCall } from '../../inspect/run/story/tool-calls.ts'
import type { ItemKind } from '../../store/memory/items.ts'
import { type Cli, operands } from '../cli.ts'
import { decisionCommands, needsLine } from '../run/rest.ts'
import { shownLines } from '../terminal/shown-value.ts'

export function printGoal({ terminal }: Cli, { goal }: RunStory): void {
  const { bold, dim } = terminal.colors
  terminal.line(`\n${bold('What goal was attempted')}`)
  terminal.line(
    `  workflow ${bold(safeLine(goal.workflow))} version ${safeLine(goal.version)}, started by ${startedBy(goal)} at ${at(goal.startedAt)}`,
  )
  const { forkedFrom } = goal
  if (forkedFrom)
    terminal.line(
      `  forked from run ${forkedFrom.runId} at call ${forkedFrom.call} by ${safeLine(forkedFrom.by)}`,
    )
  terminal.line(dim('  input'))
  for (const line of shownLines(goal.input)) terminal.line(`    ${line}`)
}

function startedBy({ principal, startedBy: by, channel }: RunStory['goal']): string {
  const who = by === null ? safeLine(principal) : `${safeLine(by)} for ${safeLine(principal)}`
  return channel === null ? who : `${who}, by way of ${safeLine(channel)}`
}

function searched(audit: NonNullable<RunStory['context']['recalls'][number]['audit']>): string {
  const place = audit.in === null ? '' : ` in ${safeLine(audit.in)}`
  const kinds = audit.kinds?.length
    ? audit.kinds.map((kind) => wordsByName.get(kind) ?? kind).join(', ')
    : 'all items'
  return `among ${kinds}${place}, by ${audit.by === 'both' ? 'words and vectors' : audit.by}`
}

const kindWords: Record<ItemKind, string> = {
  passage: 'documents',
  fact: 'facts',
  preference: 'preferences',
  episode: 'episodes',
  lesson: 'lessons',
}
const wordsByName: ReadonlyMap<string, string> = new Map(Object.entries(kindWords))

export function printContext({ terminal }: Cli, { context }: RunStory): void {
  const { bold, dim } = terminal.colors
  terminal.line(`\n${bold('What context was used')}`)
  const { recalls, signals, people, children } = context
  if (recalls.length + signals.length + people.length + children.length === 0)
    terminal.line('  the input alone')
  for (const { call, name, passages, audit } of recalls) {
    const version = audit ? dim(` ${searched(audit)}`) : ''
    terminal.line(`  call ${call} recalled ${bold(safeLine(name))}: ${passages.length} passages${version}`)
    for (const { score, source, title, text } of passages) {
      terminal.line(`    ${score.toFixed(3)} ${safeLine(source)} ${dim(safeLine(title))}`)
      terminal.line(dim(`          ${briefLine(text, 140)}`))
    }
  }
  for (const { call, name, at: when, payload } of signals) {
    terminal.line(
      `  call ${call} got signal ${bold(safeLine(name))} at ${at(when)}: ${briefValue(payload, 200)}`,
    )
  }
  for (const { call, subject, by, note, what, value } of people) {
    const verb = what === 'edit' ? 'edited' : 'answered'
    terminal.line(
      `  call ${call}: ${safeLine(by ?? 'a person')} ${verb} ${bold(safeLine(subject))}${note ? `: ${safeLine(note)}` : ''}`,
    )
    for (const line of shownLines(value)) terminal.line(`    ${line}`)
  }
  for (const { call, runId: run, status } of children)
    terminal.line(`  call ${call} got the result of run ${safeLine(run)}: ${status}`)
}

export function printTools({ terminal }: Cli, { tools }: RunStory): void {
  terminal.line(`\n${terminal.colors.bold('Which tools were called')}`)
  if (tools.length === 0) terminal.line('  none')
  for (const tool of tools) for (const line of toolLines(tool)) terminal.line(`  ${line}`)
}

function toolLines(tool: ToolCall): string[] {
  const { approval } = tool
  const attempts = `${tool.attempts} ${tool.attempts === 1 ? 'attempt' : 'attempts'}`
  const lines = [`call ${tool.call} ${safeLine(tool.name)} (${tool.class}): ${tool.state} after ${attempts}`]
  if (tool.agent) {
    const { name, under } = tool.agent
    const service = under.length > 0 ? `, in the service of ${safeLine(under.toReversed().join(', '))}` : ''
    lines.push(`  called by agent ${safeLine(name)}${service}`)
  }
  if (tool.args === undefined) lines.push('  args: not recorded, because a read changes nothing')
  else lines.push('  args', ...shownLines(tool.args).map((line) => `    ${line}`))
  if (tool.key !== null) lines.push(`  key: ${safeLine(tool.key)}`)
  if (approval) {
    const edited = approval.edited ? ' after an edit' : ''
    const note = approval.note ? `: ${safeLine(approval.note)}` : ''
    lines.push(
      `  approved by ${safeLine(approval.by ?? 'a person')} at ${at(approval.at)}${edited} (call ${approval.call})${note}`,
    )
  } else if (tool.class !== 'read') lines.push('  no approval of these arguments was asked for')
  if (tool.result !== undefined) lines.push(`  result: ${briefValue(tool.result, 300)}`)
  if (tool.error) lines.push(`  ${tool.error.code}: ${briefLine(tool.error.message, 300)}`)
  return lines
}

const headings: Record<string, string> = {
  succeeded: 'Why it was believed complete',
  failed: 'Why it is not complete: it failed',
  cancelled: 'Why it is not complete: it was cancelled',
  stuck: 'Why it is not complete: it is stuck and needs a person',
}

export function printBelief(cli: Cli, { belief, run }: RunStory): void {
  const { terminal } = cli
  const { bold, cyan, dim } = terminal.colors
  terminal.line(`\n${bold(headings[belief.status] ?? `Why it is not complete: it is ${belief.status}`)}`)
  for (const { call, name, solver, kind, score, problems } of belief.reviews) {
    const said = Array.isArray(problems) && problems.length > 0 ? `: ${briefValue(problems, 200)}` : ''
    terminal.line(
      `  call ${call} ${safeLine(name)}: score ${score} from ${safeLine(solver)} (${kind})${said}`,
    )
  }
  for (const { call, subject, status, by, note } of belief.decisions) {
    terminal.line(
      `  call ${call} ${safeLine(subject)}: ${status}${by ? ` by ${safeLine(by)}` : ''}${note ? `: ${briefLine(note, 300)}` : ''}`,
    )
  }
  if (belief.output !== undefined) {
    terminal.line(dim('  final output'))
    for (const line of shownLines(belief.output)) terminal.line(`    ${line}`)
  }
  if (belief.error) {
    const { code, message, thrownIn } = belief.error
    terminal.line(`  ${safeLine(code)}: ${briefLine(message, 1000)}`)
    if (thrownIn !== null) terminal.line(`  thrown in ${safeLine(thrownIn)}`)
  } else if (belief.reason !== null && belief.status !== 'waiting') {
    for (const line of shownLines(belief.reason, { lines: 30, width: 300 })) terminal.line(`  ${line}`)
  }
  for (const wait of belief.waitsFor) printWait(cli, run.id, wait)
  if (belief.status === 'failed' || belief.status === 'stuck')
    terminal.line(`  try again: ${cyan(cli.command('retry', run.id))}`)
  if (belief.deciding.length === 0) return
  const deciding = belief.deciding.map(
    ({ seq, type, name }) => `#${seq} ${type}${name ? ` ${safeLine(name)}` : ''}`,
  )
  terminal.line(dim(`  decided by events ${deciding.join(', ')}`))
}

function printWait(cli: Cli, run: string, wait: Wait): void {
  const { terminal } = cli
  const { cyan, yellow } = terminal.colors
  const due = wait.dueAt === null ? '' : `, until ${at(wait.dueAt)}`
  const reason = wait.reason === null ? '' : `: ${briefLine(wait.reason, 300)}`
  const whom = wait.approvalId === null ? '' : ' a person on'
  terminal.line(
    `  ${yellow('…')} call ${wait.call} waits for${whom} ${wait.kind} ${safeLine(wait.name)} since ${at(wait.since)}${due}${reason}`,
  )
  if (wait.decided) {
    const { status, by } = wait.decided
    terminal.line(`      ${status}${by ? ` by ${safeLine(by)}` : ''}; the run continues with the next worker`)
  } else if (wait.approvalId !== null && wait.asks !== null) {
    const needs = needsLine(wait.asks, wait.wanted)
    if (needs !== undefined) terminal.line(`      ${needs}`)
    terminal.line(`      ${cyan(cli.command('approvals', wait.approvalId))}`)
    const commands = decisionCommands(cli, { id: wait.approvalId, kind: wait.asks, wanted: wait.wanted })
    for (const command of Object.values(commands)) terminal.line(`      ${cyan(command)}`)
  } else if (wait.kind === 'signal') {
    if (wait.wanted) terminal.line(`      it must be ${safeLine(wait.wanted.words)}; for example:`)
    const sample = wait.wanted?.sample
    const payload = sample === undefined ? 'JSON' : JSON.stringify(sample)
    terminal.line(`      ${cyan(cli.command('signal', ...operands(run, wait.name, payload)))}`)
  }
}

function at(iso: string): string {
  return moment(Date.parse(iso))
}
