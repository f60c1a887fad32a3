import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import type { UndoPlan, UndoStep } from '../../tools/undo/undo-plan.ts'
import type { Backend } from '../backend/backend.ts'
import { withRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import { goesOn, showUntilRest } from '../run/drive.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'

type Plan = Omit<UndoPlan, 'runId'>

export interface UndoCommand {
  from?: string
  dryRun?: boolean
  yes?: boolean
}

/** Shows what would be undone, asks, and undoes it as a run that is shown until it comes to rest. */
export async function undo(cli: Cli, options: UndoCommand, text: string): Promise<ExitCode> {
  const from = toCall(cli, options.from, text)
  const body = async (backend: Backend, id: string) => {
    const { terminal } = cli
    const plan = await backend.planUndo(id, from)
    tellPlan(cli, plan)
    const isWanted =
      plan.open > 0 && options.dryRun !== true && (options.yes === true || (await asks(cli, plan)))
    if (!isWanted) {
      terminal.value({ ...plan, undoRunId: null })
      if (plan.open > 0 && options.dryRun !== true && options.yes !== true && !canAsk(terminal))
        terminal.line(`Nothing was done. To undo this: ${cli.command('undo', id)} --yes`)
      else terminal.line('Nothing was done.')
      return exitCodes.done
    }
    const interrupt = new Interrupt(terminal, `Go on with: ${cli.command('dev')}.`, () =>
      backend.worker?.hurry(),
    )
    await backend.worker?.start()
    const undoing = await backend.undo(id, from, plan.hash)
    terminal.line(`run ${undoing} undoes it`)
    const code = await showUntilRest(cli, backend, undoing, {
      afterSeq: 0,
      signal: interrupt.signal,
      extra: { undoRunId: id },
    })
    if (code === exitCodes.interrupted) terminal.remark(goesOn(cli, undoing))
    return code
  }
  return withRun(cli, text, body, 'code')
}

function toCall(cli: Cli, text: string | undefined, id: string): number {
  const from = Number(text ?? 0)
  if (Number.isInteger(from) && from >= 0) return from
  throw new ReeveError(
    'bad-option',
    `--from is "${text}"; it must be the number of a call: ${cli.command('show', id)}`,
  )
}

function asks({ terminal }: Cli, { open }: Plan): Promise<boolean> {
  if (!canAsk(terminal)) return Promise.resolve(false)
  return confirmed(`Undo ${open === 1 ? 'this effect' : `these ${open} effects`}?`)
}

function tellPlan({ terminal }: Cli, { steps, gaps }: Plan): void {
  if (steps.length === 0) terminal.line('Nothing was done outside.')
  for (const step of steps) terminal.line(lineOf(terminal.colors, step))
  for (const gap of gaps) terminal.line(`${terminal.colors.yellow('!')} ${gap}`)
}

function lineOf(
  colors: Cli['terminal']['colors'],
  { tool, runId: run, call, at, state, why, until, byRunId: by }: UndoStep,
): string {
  const what = `${safeLine(tool)} (call ${call} of run ${run}, ${at})`
  switch (state) {
    case 'open':
      return `${colors.green('undo')} ${what}${until === null ? '' : colors.dim(`, possible until ${until}`)}`
    case 'impossible':
      return `${colors.yellow('stays')} ${what}: ${safeLine(why ?? '')}`
    case 'undoing':
      return `${colors.yellow('stays')} ${what}: run ${by} is undoing it`
    case 'undone':
      return `${colors.dim('done')} ${what}: run ${by} has undone it`
  }
}
