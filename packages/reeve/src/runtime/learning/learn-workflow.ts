import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { inertText } from '../../base/text/inert-text.ts'
import { toMs } from '../../base/time/time.ts'
import type { Context } from '../../context.ts'
import { defineWorkflow, type Workflow } from '../../engine/workflow.ts'
import type { LearningConfig } from '../../project/config.ts'
import { findLessons, measureLessons, type TriedLesson, tryAndPropose } from './consolidate.ts'
import type { LearningServices } from './learning-services.ts'
import { type TrainingReport, trainLearners } from './training.ts'

/** The workflow that learns of what happened. */
export const learnWorkflowName = 'reeve.learn'

/** What one night came to. */
export interface LearnReport {
  /** The ids of lessons that did not help. */
  withdrawn: string[]
  lessons: TriedLesson[]
  trainings: TrainingReport[]
}

const mostLessons = 10
const longestSentence = 300

/**
 * Nightly: lessons in force are measured → failures, costs and corrections become new ones → each is worded, tried and decided →
 * classifiers are trained. Each part is a step, so that a death repeats one of them at most; what a step does twice changes nothing.
 */
export function learnWorkflow(internals: () => LearningServices, config: LearningConfig): Workflow {
  const { since = '30d', lessons = 'adopt', training = 'adopt', route, budget = '$0.10' } = config
  return defineWorkflow({
    name: learnWorkflowName,
    input: z.object({}),
    limits: { steps: 100 },
    async run(ctx: Context): Promise<LearnReport> {
      const parts = internals()
      const from = ctx.now().getTime() - toMs(since, 'learning.since')
      const withdrawn = await ctx.step('measure the lessons in force', () => measureLessons(parts, from))
      const found = await ctx.step('look for lessons', async () =>
        (await findLessons(parts, from)).slice(0, mostLessons),
      )
      const tried: TriedLesson[] = []
      for (const each of found) {
        const worded = await wordedBy(ctx, route, each.text, each.evidence.figures)
        tried.push(
          await ctx.step('try a lesson', () =>
            tryAndPropose(
              parts,
              { ...each, ...worded },
              { since: from, adopts: lessons === 'adopt', budgets: { project: budget } },
            ),
          ),
        )
      }
      const trainings = await ctx.step('train classifiers', () =>
        trainLearners(parts, parts.learners.all, { since: from, adopts: training === 'adopt' }),
      )
      return { withdrawn, lessons: tried, trainings }
    },
  } as Parameters<typeof defineWorkflow>[0]) as Workflow
}

/** A model may put it better. It is told what the rules found and nothing that was recalled; what it says is one plain line. */
async function wordedBy(
  ctx: Context,
  route: string | undefined,
  text: string,
  figures: { [name: string]: number },
): Promise<{ text: string; wording: string }> {
  const asItIs = { text, wording: 'rules' }
  if (route === undefined) return asItIs
  try {
    const said = await ctx.generate('word a lesson', {
      route,
      with: { lesson: text, figures },
      instructions: `Say the same in one sentence of up to ${longestSentence} characters, as advice to a colleague. Add nothing.`,
    })
    const line = inertText(said, { maxLength: longestSentence })
    return line === '' ? asItIs : { text: line, wording: `route ${route}` }
  } catch (error) {
    if (error instanceof ReeveError) return asItIs
    throw error
  }
}
