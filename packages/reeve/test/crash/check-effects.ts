import { type Facts, payloadOf } from './facts.ts'

/**
 * I3, from the receiver's side: what the oracle received against what the journals say. Every effect but a read has an
 * intent that was journaled before it was received; an `idempotent` effect is applied once, whatever the number of
 * deliveries; a `verifiable` or `once` effect is not even delivered again after it was applied; and no result is
 * journaled that the receiver did not give.
 */
export function checkEffects(facts: Facts): string[] {
  return [...intentsFirst(facts), ...appliedOnce(facts), ...resultsGiven(facts), ...unknownsAsked(facts)]
}

function intentsFirst(facts: Facts): string[] {
  const intended = new Set<string>()
  for (const run of facts.runs) {
    for (const event of facts.eventsOf(run)) {
      if (event.type !== 'effect-intended') continue
      const { key, attempt } = payloadOf(event)
      intended.add(`${key} ${attempt}`)
    }
  }
  return facts
    .heardOf('effect')
    .filter((heard) => heard.effect !== 'read' && !intended.has(`${heard.key} ${heard.attempt}`))
    .map((heard) => `attempt ${heard.attempt} of ${heard.tool} (${heard.key}) was received without an intent`)
}

function appliedOnce(facts: Facts): string[] {
  const problems: string[] = []
  for (const [key, deliveries] of Map.groupBy(facts.heardOf('effect'), (heard) => heard.key)) {
    const { tool, effect, args } = deliveries[0]!
    const accepted = deliveries.filter((delivery) => delivery.result !== undefined)
    if (accepted.filter((delivery) => delivery.applied).length > 1)
      problems.push(`${tool} (${key}) was applied more than once`)
    if (deliveries.some((delivery) => !facts.same(delivery.args, args)))
      problems.push(`${tool} (${key}) was received with different arguments`)
    if ((effect === 'once' || effect === 'verifiable') && accepted.length > 1)
      problems.push(`${tool} is ${effect} and ${key} was delivered ${accepted.length} times`)
    if (!facts.run(key.split(':')[1]!)) problems.push(`${tool} (${key}) belongs to a run that is not there`)
  }
  return problems
}

function resultsGiven(facts: Facts): string[] {
  const given = facts.heardOf('effect').filter((heard) => heard.result !== undefined)
  return facts.runs.flatMap((run) =>
    facts
      .eventsOf(run)
      .filter((event) => event.type === 'effect-completed')
      .filter(
        (event) => !given.some((heard) => facts.same(heard.result, JSON.parse(event.payload ?? 'null'))),
      )
      .map((event) => `run ${run.id} has a result of ${event.name} that nobody gave`),
  )
}

/** An effect whose outcome nobody knows is before a person: it is neither dropped nor repeated in silence. */
function unknownsAsked(facts: Facts): string[] {
  const problems: string[] = []
  for (const run of facts.runs) {
    const last = Map.groupBy(facts.eventsOf(run), (event) => event.step)
    for (const [step, events] of last) {
      const event = events.at(-1)!
      if (step === null || run.ended_at !== null || !event.type.startsWith('effect-')) continue
      if (event.type === 'effect-completed' || event.type === 'effect-failed') continue
      const asked = facts.approvals.some(
        (approval) => approval.run === run.no && approval.step === step && approval.kind === 'outcome',
      )
      if (!asked) problems.push(`the outcome of call ${step} of run ${run.id} is unknown and nobody is asked`)
    }
  }
  return problems
}
