import { ReeveError } from '../base/errors.ts'
import { isRecord } from '../base/json/record.ts'
import type { RunHandle } from '../engine/results.ts'
import { givenIn } from '../engine/starting/run-input.ts'
import type { Database } from '../store/database.ts'
import { callerKey } from '../store/identity/run-keys.ts'
import { payloadAt } from '../store/journal/journal.ts'
import { runWithKey } from '../store/runs/changes/keyed.ts'
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

/**
 * Starts the run that undoes. `isCallers`: the key is one of `by`'s own, who asks from outside.
 * @throws `unknown-run` `cannot-undo`, `idempotency-conflict` when the key undid another run
 */
export async function startUndo(
  parts: Undoing,
  runId: string,
  { by, plan: shown, idempotencyKey, isCallers = false, ...scope }: UndoOptions & { isCallers?: boolean },
): Promise<RunHandle<UndoReport>> {
  const { engine, database } = parts
  const known =
    idempotencyKey === undefined
      ? undefined
      : await knownUndo(database, runId, idempotencyKey, isCallers ? by : undefined)
  if (known !== undefined)
    return {
      id: known,
      isNew: false,
      result: () => engine.resultOf(known) as ReturnType<RunHandle<UndoReport>['result']>,
    }
  const plan = await planRunUndo(parts, runId, scope)
  if (shown !== undefined && shown !== plan.hash)
    throw new ReeveError(
      'cannot-undo',
      `The plan to undo run ${runId} has changed since it was shown. Nothing was done. Look again: reeve undo ${runId} --dry-run`,
    )
  if (plan.open === 0)
    throw new ReeveError(
      'cannot-undo',
      `Nothing of run ${runId} can be undone. See why: reeve undo ${runId} --dry-run`,
    )
  const open = plan.steps.filter(({ state }) => state === 'open')
  const input = {
    run: runId,
    from: plan.from,
    effects: open.map(({ runId: run, call, tool }) => ({ run, call, tool })),
  }
  const options = {
    principal: by,
    channel: 'operator',
    ...(idempotencyKey !== undefined && ({ idempotencyKey, ifKeyExists: 'return' } as const)),
  } as const
  return (await engine.startRun(undoWorkflowName, input, options, { isCallers })) as RunHandle<UndoReport>
}

/** The undo of a run that was started under this key; of before each caller had keys of their own, under the bare one. */
async function knownUndo(
  database: Database,
  runId: string,
  key: string,
  caller: string | undefined,
): Promise<string | undefined> {
  const find = (idempotency: string) => runWithKey(database, undoWorkflowName, idempotency)
  const own = caller === undefined ? undefined : await find(callerKey(caller, key))
  const bare = own ? undefined : await find(key)
  const known = own ?? (caller === undefined || bare?.principal === caller ? bare : undefined)
  if (!known) return undefined
  const started = await payloadAt(database, known.no, 1)
  const input = started === undefined ? undefined : givenIn(started)
  if (!isRecord(input) || input.run === runId) return known.id
  throw new ReeveError(
    'idempotency-conflict',
    `The idempotency key ${JSON.stringify(key)} was used to undo another run. Nothing was done. Use a new key to undo run ${runId}.`,
    { details: { run: known.id, key } },
  )
}
