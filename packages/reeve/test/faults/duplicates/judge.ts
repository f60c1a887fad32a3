import { canonical } from '../../../src/base/json/json.ts'
import type { Facts } from '../../crash/facts.ts'
import type { Answer, Delivery } from './deliveries.ts'

/** One run for each order, each payment taken once, and everybody told so. Answers what is not so. */
export function judge(facts: Facts, deliveries: Delivery[], answers: Answer[], deaths: number): string[] {
  const problems: string[] = []
  if (answers.length !== deliveries.length)
    problems.push(
      `${deliveries.length - answers.length} of ${deliveries.length} deliveries were not answered`,
    )
  for (const [order, told] of Map.groupBy(answers, ({ delivery }) => delivery.order)) {
    const runs = facts.runs.filter(({ idempotency }) => idempotency === order)
    if (runs.length !== 1) problems.push(`${order} has ${runs.length} runs`)
    const named = [...new Set(told.map(({ run }) => run))]
    if (named.length !== 1 || named[0] !== runs[0]?.id)
      problems.push(`the callers of ${order} were told ${named.join(', ')}; it is ${runs[0]?.id}`)
    problems.push(...firstsOf(told, deaths))
    const sent = new Set(
      deliveries.flatMap((one) => ('payment' in one && one.order === order ? [one.payment] : [])),
    )
    const taken = runs[0]?.status === 'succeeded' ? facts.outputOf(runs[0]) : []
    const accepted = facts.inbox.filter(({ run, name }) => run === runs[0]?.no && name === 'signal:paid')
    const inOrder = accepted.map((item) => facts.payloadOf(runs[0]!, item) as string)
    if (
      canonical(taken) !== canonical(inOrder) ||
      canonical(inOrder.toSorted()) !== canonical([...sent].toSorted())
    )
      problems.push(`${order} took ${JSON.stringify(taken)}; it was sent ${[...sent].join(', ')}`)
  }
  return problems
}

/** At most one copy is the first; one is, unless whoever was to be told has died. */
function firstsOf(told: Answer[], deaths: number): string[] {
  const nameOf = ({ delivery }: Answer) => ('payment' in delivery ? delivery.payment : delivery.order)
  return [...Map.groupBy(told, nameOf)].flatMap(([name, copies]) => {
    const firsts = copies.filter(({ isNew }) => isNew).length
    return firsts > 1 || (firsts === 0 && deaths === 0)
      ? [`${firsts} of ${copies.length} copies of ${name} were told to be the first`]
      : []
  })
}
