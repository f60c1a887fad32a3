import { z } from 'zod'
import type { CoreContext } from '../../engine/context.ts'
import { defineWorkflow, type Workflow } from '../../engine/workflow.ts'
import { moveRepair, type RepairRow } from '../../store/autonomy/repairs.ts'
import { toolCallsSince } from '../../store/autonomy/tool-calls.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { scriptToolName } from '../scripts/script.ts'
import { failureIn, quickDiagnosis } from './evidence.ts'
import { noteRollback } from './promoting/note.ts'
import { beginRollback, finishChange, requireRepair, settleProposal } from './promoting/promote.ts'
import { type Inputs, mayReach, tryInput } from './quarantine/candidate.ts'
import { actingNow, type RepairServices, scriptOf } from './repair-services.ts'

export const watchWorkflowName = 'reeve.repair-watch'
/** Sent by the keeper when the script failed; the journal is looked at, whatever it says. */
export const failedSignal = 'script-failed'

const Input = z.object({ repair: z.string() })
/** So often it looks in one window, though nothing failed: what went well may have gone otherwise than before. */
const looksPerWindow = 8
/** So many inputs are compared with the script of before, in one process. */
const mostCompared = 200
const stepMs = 10 * 60_000

/**
 * Watches a script whose fix was promoted:
 *
 *   look at what it did since → it failed again, or does otherwise than before what went well before: rolled back
 *                             → the window is over: kept
 *                             → wait for the next failure, or for a part of the window
 */
export function watchWorkflow(services: RepairServices): Workflow {
  const { database, settings, now } = services
  const compared: Compared = new Map()
  return defineWorkflow({
    name: watchWorkflowName,
    input: Input,
    limits: { steps: 5000 },
    async run(ctx: CoreContext, { repair: id }): Promise<{ repair: string; status: string; reason: string }> {
      for (;;) {
        const seen = await ctx.step('look', async () => lookAt(services, compared, id), { timeout: stepMs })
        if (seen.status !== 'watching') return { repair: id, status: seen.status, reason: seen.why ?? '' }
        if (seen.why !== null) {
          const why = seen.why
          await ctx.step('roll back', () => rollBack(services, id, why), { retry: { attempts: 5 } })
          return { repair: id, status: 'rolled-back', reason: why }
        }
        const leftMs = seen.until - ctx.now().getTime()
        if (leftMs <= 0) {
          await ctx.step('keep', () =>
            database.transaction((session) => moveRepair(session, id, ['watching'], 'kept', now())),
          )
          return { repair: id, status: 'kept', reason: `it did not fail again, ${seen.calls} calls long` }
        }
        await ctx.waitFor(failedSignal, {
          timeout: Math.max(1, Math.min(leftMs, Math.ceil(settings.watchMs / looksPerWindow))),
        })
      }
    },
  }) as Workflow
}

/** Takes a promoted fix back, and says so in the directives. Whatever process began it, this finishes it. */
async function rollBack(services: RepairServices, id: string, why: string): Promise<string> {
  const acting = actingNow(services)
  await services.database.transaction(async (session) => {
    await beginRollback(session, id, acting, why)
    await settleProposal(session, id, 'withdrawn', { ...acting, why })
  })
  const { status } = await finishChange(services, id, acting)
  if (status === 'rolled-back') await noteRollback(services, id, acting)
  return status
}

interface Looked {
  status: string
  /** Why it is to be rolled back. */
  why: string | null
  until: number
  calls: number
}

/** Whether an input comes out otherwise, by repair and input: it is tried once a process. */
type Compared = Map<string, boolean>

async function lookAt(services: RepairServices, compared: Compared, id: string): Promise<Looked> {
  const { database, settings } = services
  const row = await requireRepair(database, id)
  const until = (row.promoted_at ?? 0) + settings.watchMs
  const calls = await callsSince(database, row)
  const looked = { status: row.status, until, calls: calls.length }
  if (row.status !== 'watching') return { ...looked, why: row.reason }
  for (const call of calls) {
    const why = await whyBack(services, compared, row, call)
    if (why !== undefined) return { ...looked, why }
  }
  return { ...looked, why: null }
}

interface CallSince {
  run: string
  call: number
  type: string
  args: Inputs
  outcome: string | null
  /** The run failed, with this code. */
  ended: string | null
}

/** What the script was called for since the fix took its place. */
async function callsSince(session: Session, row: RepairRow): Promise<CallSince[]> {
  const found = await toolCallsSince(session, scriptToolName(row.script), row.promoted_at ?? 0)
  return found.flatMap(({ intent, ended, ...rest }) => {
    const read =
      intent === null
        ? undefined
        : payloadIfSound({ type: 'effect-intended', payload: intent }, 'effect-intended')
    if (!read) return []
    const error =
      ended === null ? undefined : payloadIfSound({ type: 'run-failed', payload: ended }, 'run-failed')
    return [{ ...rest, args: (read.args ?? {}) as Inputs, ended: error?.code ?? null }]
  })
}

async function whyBack(
  services: RepairServices,
  compared: Compared,
  row: RepairRow,
  { run, call, type, args, outcome, ended }: CallSince,
): Promise<string | undefined> {
  const where = `call ${call} of run ${run}`
  const script = scriptOf(services, row)
  if (type === 'effect-completed') {
    if (ended === 'criteria-unmet') return `${where}: what it gave does not meet the success criteria`
    return (await isOtherwise(services, compared, row, args, outcome))
      ? `${where} comes out otherwise than before the fix, for an input that went well before`
      : undefined
  }
  const failure = failureIn(outcome)
  const kind = quickDiagnosis(failure)
  if (kind === 'script' || kind === 'unclear') return `${where} failed again (${failure.code})`
  // What it refuses now, and did not before, it refuses because of the fix.
  const before = await tryInput({ project: services.folder, script, source: row.before_text! }, args).catch(
    () => undefined,
  )
  return before?.output === undefined
    ? undefined
    : `${where} failed (${failure.code}), and succeeds with the previous script`
}

/** Of a script that broke off: where it did not, it was right. It is asked once more, in quarantine, as it was before. */
async function isOtherwise(
  services: RepairServices,
  compared: Compared,
  row: RepairRow,
  args: Inputs,
  outcome: string | null,
): Promise<boolean> {
  const script = scriptOf(services, row)
  const broke = /"rule":"(?:broken-off|runs-on|fails-here-alone)"/.test(row.diagnosis ?? '')
  if (!broke || mayReach(script) || outcome === null || compared.size > mostCompared) return false
  const key = `${row.id}:${JSON.stringify(args)}`
  const known = compared.get(key)
  if (known !== undefined) return known
  const before = await tryInput({ project: services.folder, script, source: row.before_text! }, args).catch(
    () => undefined,
  )
  const after = await tryInput({ project: services.folder, script, source: row.after_text! }, args).catch(
    () => undefined,
  )
  const again = await tryInput({ project: services.folder, script, source: row.before_text! }, args).catch(
    () => undefined,
  )
  const isSteady = before?.output !== undefined && before.output === again?.output
  const is = isSteady && after?.output !== before.output
  compared.set(key, is)
  return is
}
