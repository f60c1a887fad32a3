import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { readEnvironment } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import type { Database } from '../../store/database.ts'
import type { WorkerRow } from '../../store/dispatch/workers.ts'
import {
  emptyLog,
  giveBackSpace,
  rewrite,
  roomToRewrite,
  type Space,
  spaceOf,
} from '../../store/keeping/space.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { presentWorkers, projectFolder, withChangeableWorkspace } from '../terminal/workspace.ts'
import { needsYes } from './backup.ts'

const mib = 1024 * 1024

/**
 * Makes a SQLite database as small as what is in it: writes the file anew while nobody works on it; beside workers it
 * gives free pages back slice by slice.
 * @throws `compact-postgres` `compact-busy` `compact-no-room` `needs-yes` `database-moved`
 */
export async function compact(cli: Cli, options: { yes?: boolean }): Promise<ExitCode> {
  const { database: place } = readEnvironment(projectFolder(cli))
  if (place.kind === 'postgres') {
    throw new ReeveError(
      'compact-postgres',
      'Postgres gives space back with its own tools. Its autovacuum lets new rows take the place of deleted ones by itself. To make the files smaller: stop the workers and run "vacuum full" as the owner of the tables, or use pg_repack beside running workers.',
    )
  }
  const { file } = place
  return withChangeableWorkspace(cli, async ({ database }) => {
    const before = bytesOf(file)
    const space = await spaceOf(database)
    const way = wayOf(file, space, await presentWorkers(database))
    const emptyMib = ((space.free * space.pageBytes) / mib).toFixed(1)
    const question = `${file} has ${before} bytes, ${emptyMib} MiB of them empty. ${
      way === 'slices'
        ? 'Give them back slice by slice, beside what works on it?'
        : 'Rewrite it? Nothing else can write to it meanwhile.'
    }`
    const { terminal } = cli
    if (!options.yes) {
      if (!canAsk(terminal)) throw needsYes(question, cli.command('compact', '--yes'))
      if (!(await confirmed(question))) {
        terminal.line('Nothing was changed.')
        return exitCodes.done
      }
    }
    const isWhole = way === 'whole' ? rewriteWhole(file) : await giveBack(cli, database)
    const after = bytesOf(file)
    terminal.value({ database: file, way, before, after, complete: isWhole })
    terminal.line(`${terminal.colors.green('✓')} ${file}: ${before} → ${after} bytes`)
    if (!isWhole) terminal.line(`It was interrupted; continue with: ${cli.command('compact')}`)
    return isWhole ? exitCodes.done : exitCodes.interrupted
  })
}

/** With its log, which is empty once nobody has the database open. */
function bytesOf(file: string): number {
  const sizes = [file, `${file}-wal`].map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
  return sizes[0]! + sizes[1]!
}

/** @throws `compact-busy` `compact-no-room` */
function wayOf(file: string, space: Space, [worker]: WorkerRow[]): 'whole' | 'slices' {
  if (worker) {
    if (space.inSlices) return 'slices'
    throw new ReeveError(
      'compact-busy',
      `${file} was made by an older Reeve and must be rewritten once, but process ${worker.pid} on ${worker.host} uses it. Stop every worker, then compact; later, compact works beside running workers. Nothing was changed.`,
    )
  }
  const disk = statfsSync(dirname(file))
  const free = disk.bavail * disk.bsize
  const needed = roomToRewrite(space)
  if (free >= needed) return 'whole'
  if (space.inSlices) return 'slices'
  throw new ReeveError(
    'compact-no-room',
    `To rewrite ${file} takes ${Math.ceil(needed / mib)} MiB on its disk, which has ${Math.floor(free / mib)} MiB free. Free some space, or compact a copy elsewhere: reeve backup FILE writes one without the empty parts. Nothing was changed.`,
  )
}

function rewriteWhole(file: string): true {
  rewrite(file)
  return true
}

/** Answers whether all was given back. */
async function giveBack({ terminal }: Cli, database: Database): Promise<boolean> {
  const { signal } = new Interrupt(terminal, 'What was given back stays so.', () =>
    process.exit(exitCodes.interrupted),
  )
  await giveBackSpace(database, { all: true, signal })
  emptyLog(database.place)
  return !signal.aborted
}
