import { ReeveError } from '../base/errors.ts'
import { briefLine } from '../base/text/one-line.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { CallSite } from '../engine/call-site.ts'
import type { RememberOptions } from '../memory/memory.ts'
import { type Evidence, recalledIn, weighEvidence } from './evidence.ts'

const deepest = 16
/** A shorter text stands in instructions by chance. */
const leastInstructed = 20

/**
 * What a text rests upon that a run wants to remember: its journal, those of the runs above it up to where they started it, and
 * those of the runs below it.
 */
async function readEvidence(
  { run, services: { records } }: CallSite,
  text: string,
  evidence: readonly string[] | undefined,
): Promise<Evidence> {
  const events = await records.eventsAfter(run.no, 0)
  const below: string[] = []
  for (const no of await records.recallingBelow(run.no))
    below.push(...recalledIn(await records.eventsAfter(no, 0)))
  const above: string[] = []
  for (let at = run.no, depth = 0; depth < deepest; depth++) {
    const row = await records.parentOf(at)
    if (!row || row.parent === null) break
    const parent = await records.eventsAfter(row.parent, 0)
    const started = parent.find(({ type, step }) => type === 'child-started' && step === row.step)
    above.push(...recalledIn(parent, started?.seq))
    at = row.parent
  }
  return weighEvidence(text, evidence, events, { above, below })
}

/**
 * Refuses to take for new knowledge what was known before, or what somebody instructs: that is how a memory fills with its own
 * words. An episode may rest on what was recalled, and says so.
 * @throws `feeds-itself` `unfounded` `bad-memory` `bad-option`
 */
export async function requireEvidence(
  site: CallSite,
  text: string,
  kind: NonNullable<RememberOptions['kind']> | 'passage',
  {
    evidence,
    instructions,
  }: { evidence?: string | readonly string[] | undefined; instructions: readonly string[] },
): Promise<Evidence> {
  if (typeof text !== 'string')
    throw new ReeveError(
      'bad-memory',
      `What is to be remembered is ${describeValue(text)}; it must be a text.`,
    )
  const given = typeof evidence === 'string' ? [evidence] : evidence
  if (given !== undefined && !(Array.isArray(given) && given.every((one) => typeof one === 'string')))
    throw new ReeveError(
      'bad-option',
      `\`evidence\` is ${describeValue(evidence)}. Give a text, or a list of texts.`,
    )
  const weighed = await readEvidence(site, text, given)
  if (weighed.basis === 'person' || kind === 'episode') return weighed
  const words = text.trim()
  if (words.length >= leastInstructed && instructions.some((one) => one.includes(words))) {
    throw new ReeveError(
      'feeds-itself',
      `"${briefLine(words, 80)}" occurs in an instruction of this project, which is not evidence for a ${kind}. Remember what the run has found out.`,
    )
  }
  if (weighed.basis === 'own') return weighed
  const { restsOn } = weighed
  if (restsOn.length === 0) {
    throw new ReeveError(
      'unfounded',
      `The \`evidence\` for this ${kind} occurs neither in the run's input nor in what its tools, signals and models gave it. Quote words of those exactly.`,
    )
  }
  const named = restsOn.slice(0, 3).map((id) => `"${id}"`)
  const more = restsOn.length > 3 ? ` and ${restsOn.length - 3} more` : ''
  throw new ReeveError(
    'feeds-itself',
    `This ${kind} may be made of what was recalled (${named.join(', ')}${more}), which is not evidence for it. Name its \`evidence\` (words of the input, or of what a tool or signal gave), have a person confirm it with ctx.approve, or remember it as an \`episode\`.`,
    { details: { restsOn } },
  )
}
