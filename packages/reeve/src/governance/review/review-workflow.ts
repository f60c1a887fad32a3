import { z } from 'zod'
import type { Json } from '../../base/json/json.ts'
import { approval } from '../../engine/calls/approval.ts'
import { CoreContext } from '../../engine/context.ts'
import type { SaidDecision } from '../../engine/decision.ts'
import { withinOf } from '../../engine/declared/review.ts'
import type { Reviews } from '../../engine/services.ts'
import { defineWorkflow, type Workflow, type WorkflowRegistry } from '../../engine/workflow.ts'
import type { Database } from '../../store/database.ts'
import { sampleKeyOf } from '../../store/identity/sample-key.ts'
import { readChapter } from '../../store/journal/journal.ts'
import { reviewWorkflowName } from '../../store/runs/reviews.ts'
import { readRun } from '../../store/runs/runs.ts'
import { shownOf } from './shown-run.ts'

/** What came of a review. */
interface ReviewReport {
  verdict: 'right' | 'wrong' | 'not looked at'
  by: string | null
  note: string | null
}

interface ReviewServices {
  database: Database
  workflows: WorkflowRegistry
}

/** What draws runs and asks for them. The key is made where a workflow draws any. */
export async function reviewsOf(
  database: Database,
  workflows: WorkflowRegistry,
): Promise<Reviews | undefined> {
  const workflow = reviewWorkflow({ database, workflows })
  workflows.add(workflow)
  const all = workflows.names().map((name) => workflows.current(name))
  const draws = all.some(({ review, requires }) => review || requires.some((each) => each.review))
  return draws ? { key: await sampleKeyOf(database), workflow } : undefined
}

const Reviewed = z.object({ run: z.string(), workflow: z.string() })

/**
 * Asks a person whether a run that asked nobody was right: with what it read and did, in one item of the inbox. Of one workflow only
 * so many are shown at a time as of one sender; the others wait aside.
 */
function reviewWorkflow(services: ReviewServices): Workflow {
  return defineWorkflow({
    name: reviewWorkflowName,
    input: Reviewed,
    async run(ctx: CoreContext, { run, workflow }): Promise<ReviewReport> {
      const retry = { attempts: 12, delay: '100ms' } as const
      const shown = await ctx.step('look', () => lookAt(services, run), { retry })
      if (shown === null)
        return {
          verdict: 'not looked at',
          by: null,
          note: 'its run is not kept any more, or did not end well',
        }
      const said = (await approval(CoreContext.callSiteOf(ctx), {
        kind: 'approval',
        subject: `review ${workflow}`,
        shown,
        allowed: ['approve', 'reject'],
        timeout: withinOf(reviewOf(services.workflows, workflow)),
        reviewOf: workflow,
      })) as SaidDecision
      const verdicts: Partial<Record<SaidDecision['status'], ReviewReport['verdict']>> = {
        approved: 'right',
        rejected: 'wrong',
      }
      return { verdict: verdicts[said.status] ?? 'not looked at', by: said.by, note: said.note }
    },
  }) as Workflow
}

/** As its code has it now; its code may be gone. */
function reviewOf(workflows: WorkflowRegistry, name: string) {
  const { review } = workflows.has(name) ? workflows.current(name) : {}
  return review ?? { share: 0 }
}

/** It may have been asked a moment before the run's end was written. Null: there is nothing to look at. */
async function lookAt({ database }: ReviewServices, id: string): Promise<Json> {
  const run = await readRun(database, id)
  if (!run || (run.ended_at !== null && run.status !== 'succeeded')) return null
  if (run.ended_at === null) throw new Error(`Run ${id} has not ended yet.`)
  return shownOf(run, await readChapter(database, run))
}
