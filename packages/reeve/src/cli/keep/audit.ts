import { safeLine } from '../../base/text/one-line.ts'
import { formatMs, moment, systemClock } from '../../base/time/time.ts'
import { type AuditReport, type PrunedEvents, verifyAudit } from '../../store/audit/audit.ts'
import { type AuditRound, verifyRound } from '../../store/audit/audit-rounds.ts'
import { AuditThreads, verifyPartOf } from '../../store/audit/audit-threads.ts'
import type { AuditKeys } from '../../store/audit/key/audit-keys.ts'
import { checkIntegrity, type Integrity } from '../../store/keeping/integrity.ts'
import { countRunsUpTo } from '../../store/runs/run-counts.ts'
import { requireNamedRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { type Workspace, withWorkspace } from '../terminal/workspace.ts'
import { readKeptHeads } from './audit-head.ts'

/** To start threads for fewer takes longer than to verify them. */
const fewRuns = 2000
const mostLines = 50
const mostFaults = 1000
const remarkEveryMs = 2000

/**
 * Recomputes the hash chains: of one run; or of all that came or changed since the last time, with some of the others by
 * chance; or of all. A fault means that somebody changed the database behind Reeve's back, or it is damaged.
 */
export function verify(
  cli: Cli,
  options: { all?: boolean; head?: string },
  runId: string | undefined,
): Promise<ExitCode> {
  return withWorkspace(cli, async (workspace) => {
    if (runId === undefined) return verifyAll(cli, workspace, options)
    const { id } = await requireNamedRun(cli, workspace.database, runId)
    const report = await verifyAudit(workspace.database, id)
    cli.terminal.value({ ok: report.faults.length === 0, ...report })
    const code = conclude(cli, report, `${report.runs} runs with ${report.events} events`)
    tellPruned(cli, report.pruned)
    return code
  })
}

async function verifyAll(
  cli: Cli,
  { database, environment, keyProblem }: Workspace,
  { all = false, head }: { all?: boolean; head?: string },
): Promise<ExitCode> {
  const { terminal } = cli
  const kept = head === undefined ? [] : readKeptHeads(head)
  const { signal } = new Interrupt(terminal, 'What was verified is remembered.', () =>
    process.exit(exitCodes.interrupted),
  )
  const started = performance.now()
  let remarkedAt = started
  const onProgress = (runs: number) => {
    if (performance.now() - remarkedAt < remarkEveryMs) return
    remarkedAt = performance.now()
    terminal.remark(`${runs} runs verified in ${formatMs(remarkedAt - started)}`)
  }
  const isMany = (await countRunsUpTo(database, fewRuns + 1)) > fewRuns
  const threads = isMany ? new AuditThreads(environment.database, keysOf(database)) : undefined
  let round: AuditRound
  try {
    const now = (database.clock ?? systemClock).now()
    const { verify, width } = threads ?? { verify: verifyPartOf(database), width: 1 }
    round = await verifyRound(database, now, { all, verify, width, signal, onProgress, kept })
  } finally {
    await threads?.close()
  }
  const checked: Integrity = round.complete
    ? await checkIntegrity(database, { signal })
    : { problems: [], unchecked: [] }
  if (keyProblem !== undefined)
    round.faults.push({ runId: 'none: the audit key', seq: 0, problem: keyProblem })
  return tell(cli, { ...round, complete: round.complete && !signal.aborted }, checked, kept.length)
}

function tell(
  cli: Cli,
  round: AuditRound,
  { problems: integrity, unchecked }: Integrity,
  keptHeads: number,
): ExitCode {
  const { terminal } = cli
  const { runs, events, pruned, faults, before, complete, markDamaged } = round
  const ok = complete && faults.length === 0 && integrity.length === 0
  terminal.value({
    ok,
    complete,
    runs,
    events,
    pruned,
    before: before ? { ...before, at: new Date(before.at).toISOString() } : null,
    markDamaged,
    heads: round.heads ?? null,
    keptHeads,
    faults: faults.slice(0, mostFaults),
    more: faults.length > mostFaults,
    integrity,
    unchecked,
  })
  if (markDamaged)
    terminal.line('The record of the last verification is damaged: everything is verified again.')
  const counted = `${runs} runs with ${events} events`
  if (!complete) {
    conclude(cli, { faults, integrity: [] }, counted)
    terminal.line(`It was interrupted; continue with: ${cli.command('audit', 'verify')}`)
    return exitCodes.interrupted
  }
  const code = conclude(cli, { faults, integrity }, counted)
  tellPruned(cli, pruned)
  tellHeads(cli, round, keptHeads)
  if (unchecked.length > 0)
    terminal.line(
      `the database's own check gave way to what is written to ${unchecked.join(', ')}: try again when less is written, or make a backup, which is checked as a whole`,
    )
  if (before) {
    const all = cli.command('audit', 'verify', '--all')
    terminal.line(
      `${before.runs} more were verified before (the last time ${moment(before.at)}) and have no new events since; ${before.sampled} of them, chosen at random, were verified again now. This record is in the database, so it proves nothing against somebody who can write to it; to verify all: ${all}`,
    )
  }
  return code
}

function keysOf({ auditKeys }: Workspace['database']): AuditKeys | undefined {
  return auditKeys === 'missing' ? undefined : auditKeys
}

function tellHeads(cli: Cli, { heads }: AuditRound, kept: number): void {
  if (!heads) return
  if (heads.count === 0) {
    const how = 'A worker signs them where there is an audit key'
    cli.terminal.line(
      `no heads are signed: anybody who can write to the database could forge every chain. ${how}.`,
    )
    return
  }
  const keys = heads.signedBy.map(({ publicKey }) => publicKey).join(', ')
  const checked = heads.signedBy.every(({ isKnown }) => isKnown)
    ? ''
    : ', which nothing outside of the database vouches for'
  cli.terminal.line(
    `${heads.count === 1 ? 'one head is' : `${heads.count} heads are`} signed by the key ${keys}${checked}`,
  )
  if (kept === 0) {
    const how = cli.command('audit', 'head')
    cli.terminal.line(`a database that was set back to an older state shows by a head kept elsewhere: ${how}`)
  } else cli.terminal.line(`${kept} heads that were kept elsewhere were compared`)
}

function tellPruned({ terminal }: Cli, { runs, events }: PrunedEvents): void {
  if (events > 0)
    terminal.line(
      `${events} events of earlier chapters of ${runs} runs were deleted by retention, as their rows say: those runs were verified from there on`,
    )
}

function conclude(
  cli: Cli,
  { faults, integrity }: Pick<AuditReport, 'faults' | 'integrity'>,
  counted: string,
): ExitCode {
  const { terminal } = cli
  const { green, red } = terminal.colors
  for (const { runId: run, seq, problem } of faults.slice(0, mostLines))
    terminal.line(`${red('✗')} run ${safeLine(run)}, event ${seq}: ${safeLine(problem)}`)
  if (faults.length > mostLines)
    terminal.line(`${red('✗')} and ${faults.length - mostLines} more; the first ${mostFaults} with --json`)
  for (const problem of integrity.slice(0, mostLines))
    terminal.line(`${red('✗')} database: ${safeLine(problem)}`)
  const sound = faults.length === 0 && integrity.length === 0
  terminal.line(
    sound
      ? `${green('✓')} ${counted}: every chain holds`
      : `${counted} were checked; the above does not hold`,
  )
  return sound ? exitCodes.done : exitCodes.failed
}
