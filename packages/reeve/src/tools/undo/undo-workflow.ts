import { z } from 'zod'
import { messageOf, ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { Clock } from '../../base/time/time.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { type Effect, type EffectAttempt, NotApplied } from '../../engine/calls/effect/definition.ts'
import { effect } from '../../engine/calls/effect/effect.ts'
import { CoreContext } from '../../engine/context.ts'
import { defineWorkflow, type Workflow } from '../../engine/workflow.ts'
import type { Database } from '../../store/database.ts'
import { requireRun } from '../../store/runs/runs.ts'
import { undoKey } from '../../store/spending/business-keys.ts'
import type { ToolService } from '../tool.ts'
import { effectAt } from './done-effects.ts'
import type { DoneEffect, ResolvedUndo } from './tool-undo.ts'
import { type FindTool, undoWorkflowName, whyNot } from './undo-plan.ts'

export interface UndoServices {
  database: Database
  clock: Clock
  findTool: FindTool
}

const Undoing = z.object({
  run: z.string(),
  from: z.number(),
  effects: z.array(z.object({ run: z.string(), call: z.number(), tool: z.string() })),
})

/** What a run of the undo has come to. */
export interface UndoReport {
  undone: number
  /** Those that a person left as they are, or that another undo had undone before. */
  left: { run: string; call: number; tool: string; why: string }[]
}

type Named = z.infer<typeof Undoing>['effects'][number]

/**
 * Undoes effects one after another, the last first. Each undo is an effect of its own, once per effect over all runs. One that
 * fails is asked: approve tries it again, reject leaves it and goes on; what comes after it waits meanwhile.
 */
export function undoWorkflow(services: UndoServices): Workflow {
  return defineWorkflow({
    name: undoWorkflowName,
    input: Undoing,
    limits: { steps: Number.POSITIVE_INFINITY },
    async run(ctx: CoreContext, { effects }): Promise<UndoReport> {
      const report: UndoReport = { undone: 0, left: [] }
      for (const each of effects) {
        const why = await undoOne(ctx, services, each)
        if (why === undefined) report.undone++
        else report.left.push({ ...each, why })
      }
      return report
    },
  }) as Workflow
}

/** Answers why it was left; undefined: it is undone. */
async function undoOne(ctx: CoreContext, services: UndoServices, named: Named): Promise<string | undefined> {
  const { run, call, tool } = named
  for (;;) {
    let problem: string
    try {
      await effect(CoreContext.callSiteOf(ctx), undoing(ctx, services, named), { run, call })
      return undefined
    } catch (error) {
      problem = messageOf(error)
      if (error instanceof ReeveError && error.code === 'done-before') return problem
    }
    const show = {
      tool,
      run,
      call,
      problem,
      approve: 'tries it again',
      reject: 'leaves it unchanged, and continues with the others',
    }
    const { status, note } = await ctx.approve(`undo ${tool}`, { show })
    if (status !== 'approved') return note ?? problem
  }
}

/** The key is that of what is undone: a receiver sees all attempts, of all undos, as one. */
function undoing(ctx: CoreContext, services: UndoServices, named: Named): Effect {
  const { run, call, tool } = named
  const site: CallSite = CoreContext.callSiteOf(ctx)
  const undo = services.findTool(tool)?.undo
  const found = services.findTool(tool)
  const timeoutMs = undo?.timeoutMs ?? found?.timeoutMs
  const definition: Effect = {
    name: `${tool}.undo`,
    // A tool that is gone acts no more, whatever it was.
    effect: undo?.effect ?? 'once',
    ...(timeoutMs !== undefined && { timeoutMs }),
    key: `${site.services.identity}:${run}:${call}:undo`,
    oncePer: { ...undoKey(run, call), again: 'fail' },
    // What stands in the way of the run that did it stands in the way of this: a deed in sandbox is not undone at the real account.
    ...(found?.service && {
      outlastsOutages: true,
      gate: {
        ask: async (host) => {
          const { account, of, service } = await readDone(services, named)
          return account === undefined ? undefined : service?.gate(account).ask(host, of)
        },
      },
    }),
    run: async (_args, attempt) => {
      const { done, undo: now, account } = await readDone(services, named)
      return ((await now.run(done, withAccount(attempt, account))) ?? null) as Json
    },
  }
  if (!undo?.verify) return definition
  const verify = async (_args: Json, attempt: EffectAttempt) => {
    const { done, undo: now, account } = await readDone(services, named)
    return now.verify!(done, withAccount(attempt, account))
  }
  return { ...definition, verify }
}

interface Done {
  done: DoneEffect
  undo: ResolvedUndo
  /** The run that did it. */
  of: { id: string; createdAt: number }
  service: ToolService | undefined
  /** The account that it was done with. */
  account: string | undefined
}

function withAccount(attempt: EffectAttempt, account: string | undefined): EffectAttempt {
  return account === undefined ? attempt : { ...attempt, account }
}

/** What was done, right before it is undone. @throws `not-applied` when it cannot be undone any more */
async function readDone({ database, clock, findTool }: UndoServices, named: Named): Promise<Done> {
  const what = `Call ${named.call} of run ${named.run} (${named.tool}) cannot be undone`
  const { of, found } = await read(async () => {
    const run = await requireRun(database, named.run)
    return { of: run, found: await effectAt(database, run, named.call) }
  }, what)
  if (!found) throw new NotApplied(`${what}: the journal has no such effect.`)
  const tool = findTool(named.tool)
  const withinMs = tool?.undo?.withinMs
  const why = whyNot(found, tool, withinMs === undefined ? null : found.at + withinMs, clock.now())
  if (why !== undefined) throw new NotApplied(`${what}: ${why}.`)
  const { state, args = null } = found
  const result = state.is === 'completed' ? (state.result ?? null) : null
  const service = tool!.service
  return {
    done: { args, result, key: found.key } as DoneEffect,
    undo: tool!.undo!,
    of: { id: of.id, createdAt: of.created_at },
    service,
    account: service?.account(args, of.principal),
  }
}

/** Nothing was sent yet, whatever the database says. */
async function read<T>(ask: () => Promise<T>, what: string): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw new NotApplied(`${what}: ${messageOf(error)}`, {
      retryable: !(error instanceof ReeveError),
      cause: error,
    })
  }
}
