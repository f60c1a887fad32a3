import { createHmac } from 'node:crypto'
import { reviewWorkflowName } from '../../../store/runs/reviews.ts'
import type { CallSite } from '../../call-site.ts'
import type { SampledReview } from '../../declared/review.ts'
import { argumentsHash } from '../../replay/arguments-hash.ts'
import { startChild } from '../children.ts'
import { hasDone } from './done.ts'

/** Which run a person is asked about. */
interface ReviewInput {
  run: string
  workflow: string
}

/**
 * Puts a run that ends well before a person, where it is drawn and nobody was asked in it: by a child run that goes on by itself and
 * is started together with an event of this run, so that each is put there once. The last call of its journal says so.
 */
export async function settleReview(site: CallSite, input: unknown): Promise<void> {
  const { review } = site.workflow
  const { reviews } = site.services
  // What the journal has holds, whatever the code says by now.
  const next = site.nextRecorded
  const isRecorded = next?.kind === 'child' && next.name === reviewWorkflowName
  if (!isRecorded) {
    if (!review || !reviews || site.trial || next || hasDone(site, ['person'])) return
    if (!mayBeDrawn(review, input) || !isDrawn(reviews.key, `review:${site.run.id}`, review.share)) return
  }
  const asked: ReviewInput = { run: site.run.id, workflow: site.workflow.name }
  if (reviews) await startChild(site, reviews.workflow, asked, { whenParentEnds: 'detach' })
  else await site.issue('child', reviewWorkflowName, argumentsHash(asked)).promise
}

function mayBeDrawn({ when }: SampledReview, input: unknown): boolean {
  try {
    return when?.(input) ?? true
  } catch {
    return true
  }
}

/** The same for the same text, in every process and life; whoever lacks the key cannot tell it. */
export function isDrawn(key: string, of: string, share: number): boolean {
  const digest = createHmac('sha256', key).update(of).digest()
  return digest.readUIntBE(0, 6) / 2 ** 48 < share
}
