import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { formatMs, isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import type { EffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import { familyOf } from '../../store/runs/family.ts'
import { endedStatuses, type RunRow, requireRun } from '../../store/runs/runs.ts'
import { type HeldKey, keyHolders, undoing } from '../../store/spending/business-keys.ts'
import { maskProblem } from '../arguments/masked-arguments.ts'
import type { Tool } from '../tool.ts'
import { effectsOf, type RecordedEffect } from './done-effects.ts'

/** The workflow that undoes. Names that begin with `reeve.` are the runtime's own. */
export const undoWorkflowName = 'reeve.undo'

/**
 * How an effect stands towards being undone.
 *
 * - `open`: it would be undone
 * - `impossible`: it cannot be, see `why`
 * - `undoing`: another undo is at it
 * - `undone`: it was undone
 */
export type UndoState = 'open' | 'impossible' | 'undoing' | 'undone'

/** One effect of a run, or of a run below it. Times are ISO 8601 in UTC. */
export interface UndoStep {
  runId: string
  workflow: string
  call: number
  tool: string
  class: EffectClass
  /** When it was done. */
  at: string
  /** What the tool was handed; absent where the journal has it no more. */
  args?: Json
  state: UndoState
  /** Why it cannot be undone; for people. */
  why: string | null
  /** Until when it can be. */
  until: string | null
  /** The run that undoes it, or has undone it. */
  byRunId: string | null
}

/** What undoing a run comes to. */
export interface UndoPlan {
  /** The run whose effects they are. */
  runId: string
  /** The first call of the run that is looked at. */
  from: number
  /** The last first, as they would be undone; those that cannot be stand among them. */
  steps: UndoStep[]
  /** Of what would be undone: `undo` with another one is refused. */
  hash: string
  /** How many would be undone. */
  open: number
  /** What the plan cannot know, such as chapters that retention has deleted; for people. */
  gaps: string[]
}

/** Where tools are found: undefined for one that the project does not have. */
export type FindTool = (name: string) => Tool | undefined

export interface UndoSource {
  session: Session
  findTool: FindTool
  now: number
}

/**
 * What would be undone of a run and the runs below it, the last effect first. `from`: only what the run's calls from that one
 * on did, and the runs that they started.
 * @throws `unknown-run` `cannot-undo` while one of them goes on
 */
export async function planUndo(source: UndoSource, runId: string, from = 0): Promise<UndoPlan> {
  const { session } = source
  const root = await requireRun(session, runId)
  if (root.workflow === undoWorkflowName)
    throw new ReeveError(
      'cannot-undo',
      `Run ${runId} is an undo itself. To do again what it undid, start a new run.`,
    )
  const family = await familyOf(session, root.no, from)
  const going = family.find(({ status }) => !endedStatuses.includes(status))
  if (going) throw stillGoing(root, going)
  const effects: RecordedEffect[] = []
  for (const run of family) effects.push(...(await effectsOf(session, run, run.no === root.no ? from : 0)))
  effects.sort((one, other) => other.place - one.place)
  const holders = await undoHolders(session, effects)
  const steps = effects.map((effect) => stepOf(source, effect, holders.get(keyText(effect))))
  const open = steps.filter(({ state }) => state === 'open')
  const pruned = family.filter(({ pruned_seq }) => pruned_seq > 0)
  return {
    runId: root.id,
    from,
    steps,
    hash: hashOf(root.id, open),
    open: open.length,
    gaps: pruned.map(({ id }) => `Retention has deleted what run ${id} did in its first chapters.`),
  }
}

function hashOf(run: string, open: readonly UndoStep[]): string {
  return sha256(JSON.stringify([run, ...open.map((step) => [step.runId, step.call, step.tool])]))
}

function stillGoing(root: RunRow, going: Pick<RunRow, 'id' | 'status'>): ReeveError {
  const which = going.id === root.id ? `Run ${root.id}` : `Run ${going.id}, which run ${root.id} has started,`
  return new ReeveError(
    'cannot-undo',
    `${which} is ${going.status}, and may do more. Wait until it has ended, or end it: reeve cancel ${going.id}`,
  )
}

function keyText({ run, call }: Pick<RecordedEffect, 'run' | 'call'>): string {
  return `${run.id}:${call}`
}

async function undoHolders(session: Session, effects: RecordedEffect[]): Promise<Map<string, HeldKey>> {
  const found = new Map<string, HeldKey>()
  for (let start = 0; start < effects.length; start += slice) {
    const values = effects.slice(start, start + slice).map(keyText)
    for (const row of await keyHolders(session, undoing, values)) found.set(row.value, row)
  }
  return found
}

const slice = 200

function stepOf(
  { findTool, now }: UndoSource,
  effect: RecordedEffect,
  holder: HeldKey | undefined,
): UndoStep {
  const { run, call, tool: name, class: declared, args, at } = effect
  const tool = findTool(name)
  const withinMs = tool?.undo?.withinMs
  const untilMs = withinMs === undefined ? null : at + withinMs
  const why = holder ? null : (whyNot(effect, tool, untilMs, now) ?? null)
  const stuck = holder?.status !== 'completed' && holder && !isGoing(holder)
  return {
    runId: run.id,
    workflow: run.workflow,
    call,
    tool: name,
    class: declared,
    at: isoText(at),
    ...(args !== undefined && { args }),
    state: stuck
      ? 'impossible'
      : holder
        ? holder.status === 'completed'
          ? 'undone'
          : 'undoing'
        : why === null
          ? 'open'
          : 'impossible',
    why: stuck ? `nobody knows whether run ${holder.run_id} has undone it; answer what that run asks` : why,
    until: untilMs === null ? null : isoText(untilMs),
    byRunId: holder?.run_id ?? null,
  }
}

function isGoing({ run_status }: HeldKey): boolean {
  return run_status !== null && !endedStatuses.includes(run_status)
}

/** Why an effect cannot be undone; undefined: it can. */
export function whyNot(
  { state, args }: RecordedEffect,
  tool: Tool | undefined,
  untilMs: number | null,
  now: number,
): string | undefined {
  if (state.is === 'unclear') return state.why
  if (!tool) return 'the project has no tool of that name any more (tools/)'
  if (!tool.undo) return 'its tool declares no undo'
  if (state.is === 'erased') return 'what it was about was erased'
  if (isRecord(state.result) && typeof state.result.notKept === 'string')
    return 'what it gave could not be kept'
  if (maskProblem(args) !== undefined || maskProblem(state.result) !== undefined)
    return 'its arguments or its result held a secret, which the journal has not'
  if (untilMs !== null && now > untilMs)
    return `it could be undone until ${isoText(untilMs)}, ${formatMs(now - untilMs)} ago`
  return undefined
}
