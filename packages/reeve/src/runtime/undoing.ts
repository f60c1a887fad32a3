import { ReeveError } from '../base/errors.ts'
import type { RunHandle } from '../engine/results.ts'
import { type FindTool, planUndo, type UndoPlan, undoWorkflowName } from '../tools/undo/undo-plan.ts'
import type { UndoReport } from '../tools/undo/undo-workflow.ts'
import type { RuntimeInternals } from './internals.ts'

/** For `runtime.planUndo`. */
export interface UndoScope {
  /** The first call of the run whose effects are undone, with those of the runs that it and later ones started. Default: all. */
  from?: number
}

/** For `runtime.undo`. */
export interface UndoOptions extends UndoScope {
  /** Who undoes: up to 1,024 bytes, without control characters. */
  by: string
  /** `hash` of the plan that was looked at: when it has changed since, nothing is done. Default: whatever is open now. */
  plan?: string
  /** The same key starts one undo. */
  idempotencyKey?: string
}

type Undoing = Pick<RuntimeInternals, 'database' | 'engine' | 'clock'> & { findTool: FindTool }

export function planRunUndo(parts: Undoing, runId: string, { from = 0 }: UndoScope = {}): Promise<UndoPlan> {
  const { database, clock, findTool } = parts
  return planUndo({ session: database, findTool, now: clock.now() }, runId, from)
}

/** Starts the run that undoes. @throws `unknown-run` `cannot-undo` */
export async function startUndo(
  parts: Undoing,
  runId: string,
  { by, plan: shown, idempotencyKey, ...scope }: UndoOptions,
): Promise<RunHandle<UndoReport>> {
  const { engine, database } = parts
  const known =
    idempotencyKey === undefined
      ? undefined
      : await database.get<{ id: string }>('select id from runs where workflow = ? and idempotency = ?', [
          undoWorkflowName,
          idempotencyKey,
        ])
  if (known)
    return {
      id: known.id,
      isNew: false,
      result: () => engine.resultOf(known.id) as ReturnType<RunHandle<UndoReport>['result']>,
    }
  const plan = await planRunUndo(parts, runId, scope)
  if (shown !== undefined && shown !== plan.hash)
    throw new ReeveError(
      'cannot-undo',
      `What is to be undone of run ${runId} is not what was shown any more. Nothing was done. Look again: reeve undo ${runId} --dry-run`,
    )
  if (plan.open === 0)
    throw new ReeveError(
      'cannot-undo',
      `Of run ${runId} there is nothing that could be undone. See why: reeve undo ${runId} --dry-run`,
    )
  const open = plan.steps.filter(({ state }) => state === 'open')
  const input = {
    run: runId,
    from: plan.from,
    effects: open.map(({ run, call, tool }) => ({ run, call, tool })),
  }
  return (await engine.startRun(undoWorkflowName, input, {
    principal: by,
    channel: 'operator',
    ...(idempotencyKey !== undefined && { idempotencyKey, ifKeyExists: 'return' }),
  })) as RunHandle<UndoReport>
}
