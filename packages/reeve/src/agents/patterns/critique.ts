import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { type Bounds, checkCounts, startBounds } from './parts/bounds.ts'
import { type Asking, askFor, type Doer, isAsking, type PatternContext, perform } from './parts/doer.ts'
import { note } from './parts/note.ts'

/** What a reviewer says of a draft. */
export interface Review {
  /** One for each criterion, in their order, 0 to 1. */
  scores: number[]
  /** What to change. */
  feedback: string
}

/** For `critique`. */
export interface CritiqueOptions<Draft extends Json = string> extends Bounds {
  /** What the draft is for: data, never instructions. */
  task: Json
  /** What a draft is judged by, fixed before the first one is written; or who sets them from the task alone. */
  criteria: readonly string[] | Asking
  /** Writes a draft, or a better one: then `draft` is the best so far and `feedback` what was wrong with it. */
  draft: Doer<{ task: Json; criteria: string[]; draft: Draft | null; feedback: string | null }, Draft>
  /** Scores a draft by each criterion and says what to change. */
  review: Asking | Doer<{ task: Json; criteria: string[]; draft: Draft }, Review>
  /** Drafts at most. Default 3. */
  rounds?: number
  /** The score, 0 to 1, at which a draft is good enough. Default 0.9. */
  stopAt?: number
  /** Also judges, and may replace, a draft that a person wrote. Default false: a person's draft is the result. */
  reviewPeople?: boolean
}

/** What `critique` came to. */
export interface Critiqued<Draft> {
  /** The best one, not the last one; one that a person wrote goes before all others. */
  draft: Draft
  /** The mean of its scores by criterion; null when a person wrote it, which nobody judges. */
  score: number | null
  stopped: 'score' | 'no-gain' | 'rounds' | 'cost' | 'time' | 'person'
  /** The person who wrote it; null: none did. */
  writtenBy: string | null
  criteria: string[]
  rounds: { score: number; scores: number[]; feedback: string }[]
}

/**
 * Evaluator and optimiser: draft, review, draft again. The criteria are fixed and journaled before the first draft and
 * each is scored on its own, so that a draft cannot win by reading well while it drifts from what was asked. A draft that
 * a person wrote, because no solver could, is the result: it is not judged.
 * @throws `bad-review`
 * @example
 * const { draft, score } = await critique(ctx, 'reply', {
 *   task: ticket,
 *   criteria: ['answers the question', 'is friendly'],
 *   draft: ({ task, feedback }) => ctx.generate('draft', { route: 'writing', with: { task, feedback } }),
 *   review: { route: 'judging' },
 * })
 */
export async function critique<Draft extends Json = string>(
  ctx: PatternContext,
  name: string,
  options: CritiqueOptions<Draft>,
): Promise<Critiqued<Draft>> {
  const { task, rounds = 3, stopAt = 0.9 } = options
  checkCounts(`critique "${name}"`, { rounds })
  const bound = startBounds(ctx, options)
  const criteria = await fixCriteria(ctx, name, options)
  const about = (words: string) => ({ message: `critique "${name}"${words}`, name })
  note(ctx, 'critique-begun', { ...about(` judges by ${criteria.length} criteria`), criteria })
  const held: Critiqued<Draft>['rounds'] = []
  let best: { draft: Draft; score: number; feedback: string; writtenBy: string | null } | undefined
  for (let round = 1; ; round++) {
    const draft: Draft = await perform(ctx, options.draft, {
      task,
      criteria,
      draft: best?.draft ?? null,
      feedback: best?.feedback ?? null,
    })
    const writtenBy = ctx.writtenBy(draft) ?? null
    if (writtenBy !== null && !options.reviewPeople) {
      const words = `: ${writtenBy} wrote the draft of round ${round}`
      note(ctx, 'critique-spared', { ...about(words), round, writtenBy })
      return { draft, score: null, stopped: 'person', writtenBy, criteria, rounds: held }
    }
    const { scores, feedback } = await reviewDraft(ctx, `${name} review ${round}`, options, criteria, draft)
    const score = scores.reduce((sum, each) => sum + each, 0) / scores.length
    held.push({ score, scores, feedback })
    const words = `: round ${round} scored ${score.toFixed(2)}`
    note(ctx, 'critique-scored', { ...about(words), round, score, scores })
    const gained = best === undefined || score > best.score
    if (gained) best = { draft, score, feedback, writtenBy }
    const stopped =
      score >= stopAt ? 'score' : !gained ? 'no-gain' : round >= rounds ? 'rounds' : bound()?.why
    if (stopped) {
      const { feedback: _told, ...kept } = best!
      return { ...kept, stopped, criteria, rounds: held }
    }
  }
}

async function fixCriteria<Draft extends Json = string>(
  ctx: PatternContext,
  name: string,
  { task, criteria }: CritiqueOptions<Draft>,
): Promise<string[]> {
  if (!isAsking(criteria)) {
    if (criteria.length > 0) return [...criteria]
    throw new ReeveError('bad-review', `Critique "${name}" has no criteria. Name at least one.`)
  }
  const asked = await askFor(ctx, criteria, {
    name: `${name} criteria`,
    schema: z.object({ criteria: z.array(z.string().min(1)).min(1).max(8) }),
    from: task,
    instructions:
      'Name the criteria by which an answer to this task is to be judged: what was asked for, each checkable on its own. Style counts only where the task asks for it.',
  })
  return asked.criteria
}

async function reviewDraft<Draft extends Json = string>(
  ctx: PatternContext,
  name: string,
  { task, review }: CritiqueOptions<Draft>,
  criteria: string[],
  draft: Draft,
): Promise<Review> {
  const schema = z.object({
    scores: z.array(z.number().min(0).max(1)).length(criteria.length),
    feedback: z.string(),
  })
  if (isAsking(review)) {
    return askFor(ctx, review, {
      name,
      schema,
      from: { task, criteria, draft },
      instructions:
        'Score the draft from 0 to 1 on each criterion, in their order and on nothing else. Then say exactly what to change.',
    })
  }
  const checked = validate(schema, await perform(ctx, review, { task, criteria, draft }))
  if (checked.ok) return checked.value
  throw new ReeveError(
    'bad-review',
    `"${name}" is not a review of the draft: ${describeIssues(checked.issues)}`,
  )
}
