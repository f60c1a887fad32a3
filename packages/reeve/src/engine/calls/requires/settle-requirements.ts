import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import type { CallSite } from '../../call-site.ts'
import type { SaidDecision } from '../../decision.ts'
import type { Requirement } from '../../declared/requirement.ts'
import { approval } from '../approval.ts'
import { doneIn, hasDone } from './done.ts'
import { isDrawn } from './review.ts'

/**
 * Holds a run that would end well without what is required of it: a second source or a person lets it end, or it fails.
 * @throws `requirement-not-met`
 */
export async function settleRequirements(
  site: CallSite,
  ctx: unknown,
  input: unknown,
  output: unknown,
): Promise<void> {
  for (const [index, requirement] of (site.workflow.requires as Requirement<unknown>[]).entries()) {
    const { oneOf, when, confirm } = requirement
    if (when && !when(input)) continue
    const isMet = () => hasDone(site, oneOf)
    if (isMet()) continue
    const isConfirmed = confirm ? (await confirm(ctx, input, output)) === true : false
    if (isMet() || (isConfirmed && !isSampled(site, requirement, index))) continue
    await askPerson(site, oneOf, { isConfirmed, output })
  }
}

async function askPerson(
  site: CallSite,
  oneOf: readonly string[],
  { isConfirmed, output }: { isConfirmed: boolean; output: unknown },
): Promise<void> {
  const { name } = site.workflow
  const shown: Json = {
    workflow: name,
    required: [...oneOf],
    done: doneIn(site),
    why: isConfirmed
      ? 'a second source lets it end; this one is looked at as a sample'
      : 'the run would end without it',
    output: plain(output),
    approve: 'lets the run end as it is',
    reject: 'fails the run',
  }
  const request = { kind: 'approval', subject: subjectOf(oneOf), shown } as const
  const { status, by, note } = (await approval(site, request)) as SaidDecision
  if (status === 'approved') return
  throw new ReeveError(
    'requirement-not-met',
    `Workflow "${name}" requires ${oneOf.join(' or ')}, and the run would have ended without it; ${by ?? 'nobody'} ${status} that${note === null ? '' : `: ${note}`}. Do by hand what it left undone, or fork it.`,
    { details: { required: oneOf.join(', ') } },
  )
}

/** The same in every life of the run, and known to nobody who lacks the database's key. */
function isSampled(site: CallSite, { oneOf, review = 0 }: Requirement<unknown>, index: number): boolean {
  if (review === 0) return false
  const next = site.nextRecorded
  // What the journal has holds, whatever was drawn by then.
  if (next || site.trial) return next?.kind === 'approval' && next.name === subjectOf(oneOf)
  return isDrawn(site.services.reviews?.key ?? '', `${site.seed}:requires:${index}`, review)
}

function subjectOf(oneOf: readonly string[]): string {
  return `end without ${oneOf.join(' or ')}`
}

function plain(output: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(output) ?? 'null') as Json
  } catch {
    return 'what it gives is not JSON'
  }
}
