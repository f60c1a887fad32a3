import { safeLine } from '../../base/text/one-line.ts'
import { systemClock } from '../../base/time/time.ts'
import { type Erasure, eraseSubject } from '../../store/keeping/erasing/erase.ts'
import { changedTables } from '../../store/keeping/erasing/places.ts'
import { findTraces, type GoingRun, type SubjectTraces } from '../../store/keeping/erasing/traces.ts'
import { emptyLog, rewrite } from '../../store/keeping/space.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { presentWorkers, type Workspace, withChangeableWorkspace } from '../terminal/workspace.ts'
import { needsYes } from './backup.ts'

/** What no erasure here can reach. */
const outOfReach = [
  'backups and copies of the database, and what was exported from it',
  'systems that tools have written to, and providers of models: ask them',
  'logs and traces that were sent elsewhere, files that tools have written',
  'names of steps and calls, and digests of what was erased: the chains need them',
]

/**
 * Shows what speaks of a person, asks, and erases it; then makes sure that the bytes are gone from a SQLite file.
 * @throws `bad-text` `needs-yes` `database-moved`
 */
export function erase(
  cli: Cli,
  options: { subject: string; why?: string; yes?: boolean },
): Promise<ExitCode> {
  const { subject, why } = options
  return withChangeableWorkspace(cli, async (workspace) => {
    const { database, actor } = workspace
    const { terminal } = cli
    const traces = await findTraces(database, subject)
    tellTraces(cli, traces)
    const question = `Erase ${traces.runs.length} runs and ${traces.memories} items of memory? Nothing brings them back.`
    if (!options.yes) {
      if (!canAsk(terminal)) throw needsYes(question, cli.command('erase', '--subject', subject, '--yes'))
      if (!(await confirmed(question))) {
        terminal.line('Nothing was erased.')
        return exitCodes.done
      }
    }
    // What is freed from here on is overwritten; what was freed before goes when the file is written anew.
    if (database.kind === 'sqlite')
      await database.transaction((session) => session.all('pragma secure_delete = on'))
    const at = (database.clock ?? systemClock).now()
    const who = { by: actor.principal, proof: actor.proof, at, ...(why !== undefined && { why }) } as const
    const erasure = await eraseSubject(database, subject, who)
    const bytes = await clearFile(workspace)
    tellErasure(cli, { traces, erasure, bytes })
    return erasure.going.length > 0 ? exitCodes.waits : exitCodes.done
  })
}

/** Whether the bytes are surely gone: `cleared`, or what is still to be done. */
async function clearFile({ database }: Workspace): Promise<'cleared' | 'stop-workers' | 'vacuum-full'> {
  if (database.kind === 'postgres') return 'vacuum-full'
  if ((await presentWorkers(database)).length > 0) {
    emptyLog(database.place)
    return 'stop-workers'
  }
  rewrite(database.place)
  return 'cleared'
}

const advice = {
  cleared: 'The file was rewritten: the bytes are gone from it.',
  'stop-workers':
    'A worker has the file open: what was erased before may still lie in unused pages. Stop the workers and run: reeve compact --yes',
  'vacuum-full': `Postgres keeps old rows until it cleans up. To have the bytes gone: vacuum full ${changedTables.join(', ')}`,
} as const

function tellTraces({ terminal }: Cli, { runs, going, memories, files, stays }: SubjectTraces): void {
  for (const { id, workflow } of runs) terminal.line(`run ${id} (${safeLine(workflow)})`)
  if (memories > 0) terminal.line(`${memories} items of memory`)
  const mark = terminal.colors.yellow('!')
  for (const { id, workflow, status } of going) terminal.line(goingLine(mark, { id, workflow, status }))
  for (const file of files)
    terminal.line(`${mark} ${safeLine(file)} is a file of knowledge: change it yourself`)
  for (const { what, rows, advice } of stays) terminal.line(`${mark} ${what} (${rows}): ${advice}`)
}

function goingLine(mark: string, { id, workflow, status }: GoingRun): string {
  return `${mark} run ${id} (${safeLine(workflow)}) is ${status} and stays: end it, then erase again`
}

function tellErasure(
  { terminal }: Cli,
  { traces, erasure, bytes }: { traces: SubjectTraces; erasure: Erasure; bytes: keyof typeof advice },
): void {
  const { files, stays } = traces
  const { runs, events, rows, going } = erasure
  terminal.value({ ...erasure, going: going.map(({ id }) => id), files, stays, bytes, outOfReach })
  const known = new Set(traces.going.map(({ id }) => id))
  for (const run of going) if (!known.has(run.id)) terminal.line(goingLine(terminal.colors.yellow('!'), run))
  terminal.line(`erased: ${events} events of ${runs} runs, and ${rows} other rows`)
  terminal.line(advice[bytes])
  terminal.line('Out of reach:')
  for (const each of outOfReach) terminal.line(`  ${each}`)
}
