import type { FixTry } from '../../autonomy/repair/repair-services.ts'
import type { RepairView } from '../../autonomy/repair/repair-view.ts'
import { isRecord } from '../../base/json/record.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { showHunks } from './directive-versions.ts'

export function repairList(cli: Cli, options: { script?: string; limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async ({ autonomy }) => {
    const { terminal } = cli
    const { repairs, more } = await autonomy.repairs.list({ script: options.script, limit })
    terminal.value({ repairs, more })
    if (repairs.length === 0) terminal.line('No script was repaired yet: see docs/repair.md.')
    for (const repair of repairs) showRepair(cli, repair)
    if (more) terminal.line(terminal.colors.dim(moreLine(`the newest ${repairs.length} repairs`, limit)))
    return exitCodes.done
  })
}

export function repairShow(cli: Cli, _: object, id: string): Promise<ExitCode> {
  return withBackend(cli, async ({ autonomy }) => tell(cli, await autonomy.repairs.one(id)))
}

export function repairDiff(cli: Cli, _: object, id: string): Promise<ExitCode> {
  return withBackend(cli, async ({ autonomy }) => {
    const diff = await autonomy.repairs.diff(id)
    cli.terminal.value(diff)
    cli.terminal.line(cli.terminal.colors.bold(safeLine(diff.file)))
    if (diff.hunks.length === 0) cli.terminal.line('No fix passed.')
    showHunks(cli.terminal, diff.hunks)
    return exitCodes.done
  })
}

const changing =
  (how: 'promote' | 'rollback') =>
  (cli: Cli, { why }: { why?: string }, id: string): Promise<ExitCode> =>
    withBackend(cli, async ({ autonomy }) => tell(cli, await autonomy.repairs.change(id, how, why)), 'code')

export const repairPromote = changing('promote')
export const repairRollback = changing('rollback')

function tell(cli: Cli, repair: RepairView): ExitCode {
  cli.terminal.value(repair)
  showRepair(cli, repair)
  const tries = (Array.isArray(repair.tries) ? repair.tries : []) as unknown as FixTry[]
  for (const each of tries)
    cli.terminal.line(
      `  fix ${String(each.number)} of ${safeLine(String(each.solver))}: ${safeLine(String(each.verdict))} at ${safeLine(String(each.gate))}: ${safeLine(String(each.sentence))}`,
    )
  return exitCodes.done
}

function showRepair({ terminal }: Cli, repair: RepairView): void {
  const { bold, dim } = terminal.colors
  const { id, script, status, reason, madeAt, runId: run, call, diagnosis } = repair
  terminal.line(`${bold(safeLine(id))}  ${safeLine(script)}: ${status}`)
  if (isRecord(diagnosis))
    terminal.line(`  ${safeLine(`${String(diagnosis.kind)}: ${String(diagnosis.why)}`)}`)
  if (reason !== null) terminal.line(`  ${safeLine(reason)}`)
  terminal.line(dim(`  ${moment(Date.parse(madeAt))}${run === null ? '' : `, call ${call} of run ${run}`}`))
}
