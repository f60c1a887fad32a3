import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { isoText, moment } from '../../base/time/time.ts'
import { lackingLanes } from '../../inspect/health/checks/runs.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { listQueues, pauseQueue, type QueueRow } from '../../store/dispatch/queues/queues.ts'
import { listOccurrences, listSchedules } from '../../store/dispatch/schedules.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import type { Prunable } from '../../store/keeping/retention.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { table } from '../terminal/table.ts'
import { withWorkspace } from '../terminal/workspace.ts'

/** Deletes the ended runs that the project's retention no longer wants; on a terminal only when told to. */
export function prune(cli: Cli, options: { dryRun?: boolean; yes?: boolean }): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { terminal } = cli
    const configured = runtime.project.config.retention !== undefined
    if (!configured) {
      const none = { runs: 0, events: 0, statuses: [], chapters: { runs: 0, events: 0 } }
      terminal.value({ configured, dryRun: options.dryRun === true, ...none })
      terminal.line(
        "Every run is kept: reeve.config.ts has no retention. Add for example: retention: { succeeded: '30d' }",
      )
      return exitCodes.done
    }
    const asks = canAsk(cli.terminal) && options.yes !== true
    if (options.dryRun || asks) {
      const statuses = await runtime.prunable()
      const chapters = await runtime.prunableChapters()
      if (options.dryRun) terminal.value({ ...dryRunOf(statuses), chapters })
      for (const line of prunableLines(statuses)) terminal.line(line)
      if (chapters.events > 0)
        terminal.line(
          `earlier chapters of ${chapters.runs} runs that go on: ${chapters.events} events, ${mebibytes(chapters.bytes)}`,
        )
      if (options.dryRun || (statuses.length === 0 && chapters.events === 0)) return exitCodes.done
      if (!(await confirmed('Delete them, with all that their journals say?'))) {
        terminal.line('Nothing was deleted.')
        return exitCodes.done
      }
    }
    const pruned = await runtime.prune()
    terminal.value({ configured, dryRun: false, ...pruned })
    terminal.line(`${pruned.runs} runs with ${pruned.events} events deleted`)
    const { runs, events } = pruned.chapters
    if (events > 0) terminal.line(`${events} events of earlier chapters of ${runs} runs deleted`)
    return exitCodes.done
  })
}

function dryRunOf(statuses: Prunable[]) {
  return {
    configured: true,
    dryRun: true,
    runs: statuses.reduce((sum, { runs }) => sum + runs, 0),
    events: statuses.reduce((sum, { events }) => sum + events, 0),
    statuses: statuses.map(({ oldest, newest, ...counts }) => ({
      ...counts,
      oldest: new Date(oldest).toISOString(),
      newest: new Date(newest).toISOString(),
    })),
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

function prunableLines(statuses: Prunable[]): string[] {
  if (statuses.length === 0) return ['No run is past its retention']
  const cells = statuses.map(({ status, runs, events, bytes, oldest, newest }) => [
    status,
    String(runs),
    String(events),
    mebibytes(bytes),
    `${moment(oldest)} to ${moment(newest)}`,
  ])
  return table(['past retention', 'runs', 'events', 'payloads', 'ended'], cells)
}

/** Lists the queues with their limits and what is in them; or holds one, or lets it go on. */
export function queues(
  cli: Cli,
  options: { limit: string },
  action?: string,
  name?: string,
): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withWorkspace(cli, async ({ database, actor }) => {
    if (action !== undefined) {
      if ((action !== 'pause' && action !== 'resume') || name === undefined) {
        throw new ReeveError(
          'bad-option',
          'Write: reeve queues, reeve queues pause NAME, or reeve queues resume NAME.',
        )
      }
      refuseLowRole(actor, 'operator')
      await refuseMoved(database, database.place)
      const acting = actingAs(actor, database)
      const isKnown = await database.transaction((session) =>
        pauseQueue(session, name, action === 'pause', acting),
      )
      if (!isKnown) {
        const known = (await listQueues(database)).map((queue) => queue.name)
        throw new ReeveError(
          'unknown-queue',
          `There is no queue "${name}". The queues: ${shortList(known) || 'none yet'}.`,
        )
      }
    }
    const all = await listQueues(database)
    const rows = all.slice(0, limit)
    const counts = await database.all<{ queue: string; status: string; count: number }>(
      `select queue, status, count(*) as count from runs where status in ('queued', 'running') group by queue, status`,
    )
    const lacking = await lackingLanes(database)
    const countOf = (queue: string, status: string) =>
      counts.find((row) => row.queue === queue && row.status === status)?.count ?? 0
    const { terminal } = cli
    terminal.value({
      queues: rows.map((row) => ({
        ...queueView(row),
        queued: countOf(row.name, 'queued'),
        running: countOf(row.name, 'running'),
        noWorkerHas: lacking.flatMap(({ queue, ...lane }) => (queue === row.name ? [lane] : [])),
      })),
      more: all.length > limit,
    })
    const cells = rows.map((row) => [
      safeLine(row.name),
      row.paused ? terminal.colors.yellow('paused') : 'open',
      String(countOf(row.name, 'queued')),
      String(countOf(row.name, 'running')),
      limitsOf(row),
    ])
    for (const line of table(['queue', 'state', 'queued', 'running', 'limits'], cells)) terminal.line(line)
    if (all.length > limit)
      terminal.line(terminal.colors.dim(moreLine(`the first ${limit} queues`, limit, all.length)))
    for (const { queue, workflow, version, queued } of lacking.slice(0, limit))
      terminal.line(
        `${safeLine(queue)}: no worker has workflow "${safeLine(workflow)}" version ${safeLine(version)}; ${queued} runs wait for one`,
      )
    return exitCodes.done
  })
}

const mostNamed = 20

function shortList(names: string[]): string {
  const more = names.length - mostNamed
  return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function queueView(row: QueueRow) {
  return {
    name: row.name,
    paused: row.paused !== 0,
    concurrency: row.concurrency,
    perKey: row.key_concurrency,
    rate: row.rate_count === null ? null : { count: row.rate_count, perMs: row.rate_ms },
  }
}

function limitsOf(row: QueueRow): string {
  const limits: string[] = []
  if (row.concurrency !== null) limits.push(`${row.concurrency} at once`)
  if (row.key_concurrency !== null) limits.push(`${row.key_concurrency} per key`)
  if (row.rate_count !== null) limits.push(`${row.rate_count} per ${row.rate_ms} ms`)
  return limits.join(', ') || 'none'
}

/** Lists the schedules: the next time, and what became of the last ones, skips with their reasons. */
export function schedules(cli: Cli, options: { limit: string; most: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  const most = toLimit(options.most)
  return withRuntime(cli, async (runtime) => {
    const { database } = internalsOf(runtime)
    const { terminal } = cli
    const { bold, dim, yellow } = terminal.colors
    const all = await listSchedules(database)
    const rows = all.slice(0, most)
    const views = []
    for (const row of rows) {
      const occurrences = await listOccurrences(database, row.name, limit)
      views.push({ row, occurrences })
    }
    terminal.value({
      schedules: views.map(({ row, occurrences }) => ({
        name: row.name,
        workflow: row.workflow,
        definition: JSON.parse(row.definition),
        next: row.next_at === null ? null : isoText(row.next_at),
        last: occurrences.map(({ nominal, outcome, reason, run }) => ({
          nominal: isoText(nominal),
          outcome,
          reason,
          run,
        })),
      })),
      more: all.length > most,
    })
    if (rows.length === 0) terminal.line('The project has no schedules: see `schedules` in reeve.config.ts.')
    for (const { row, occurrences } of views) {
      const { cron, zone = 'UTC' } = JSON.parse(row.definition) as { cron: string; zone?: string }
      terminal.line(
        `${bold(safeLine(row.name))} starts ${row.workflow} at "${cron}" (${zone}), next ${row.next_at === null ? 'never' : moment(row.next_at)}`,
      )
      for (const { nominal, outcome, reason, run } of occurrences) {
        const what =
          outcome === 'started' ? `started run ${run}` : yellow(`skipped: ${safeLine(reason ?? '')}`)
        terminal.line(`  ${dim(moment(nominal))} ${what}`)
      }
    }
    if (all.length > most)
      terminal.line(dim(`the first ${most} schedules of ${all.length}; see more with --most ${all.length}`))
    return exitCodes.done
  })
}
