import { ReeveError } from '../../base/errors.ts'
import { checkOptions, refuseUnknownOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'

/** How long a person has to look at one, where nobody says otherwise. */
const defaultWithin: Duration = '30d'

/**
 * Which of the runs that ended well, and of which nobody was asked, a person looks at afterwards: a model that was fooled may
 * also close a case and do nothing.
 */
export interface SampledReview<Input = unknown> {
  /** The share of them, from 0 to 1. Which ones is decided by a secret of the database: nobody who writes an input can know it. */
  share: number
  /** Whether a run with this input may be among them. Where it throws, the run may be. Default: all may. */
  when?(input: Input): boolean
  /** How long a person has to look. Default `30d`; then the item goes, and the run counts as not looked at. */
  within?: Duration
}

const rules = { share: 'number!', when: 'function', within: ['text', 'number'] } as const

/** @throws `bad-workflow` `bad-duration` */
export function checkReview(review: unknown, workflow: string): SampledReview | undefined {
  if (review === undefined) return undefined
  const what = `\`review\` of ${workflow}`
  checkOptions(review, what, rules, 'bad-workflow')
  refuseUnknownOptions(review, what, Object.keys(rules), 'bad-workflow')
  const { share, within } = review as SampledReview
  if (!(share >= 0 && share <= 1))
    throw new ReeveError(
      'bad-workflow',
      `\`share\` of ${what} is ${describeValue(share)}; it must be a share from 0 to 1.`,
    )
  if (within !== undefined) toMs(within, `\`within\` of ${what}`)
  return review as SampledReview
}

export function withinOf({ within = defaultWithin }: SampledReview): number {
  return toMs(within, '`within` of `review`')
}
