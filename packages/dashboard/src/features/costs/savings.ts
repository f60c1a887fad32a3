import type { CostGroup, Route, Today } from '../../api/types.ts'
import { money } from '../../ui/words.ts'

/** Where the month ends up at the pace of today and yesterday. */
export function forecastWords(month: Today['spend']['month'] | undefined): string {
  if (!month || month.forecastUsd === null || month.forecastUsd === 0) return ''
  const of = month.ceilingUsd === null ? '' : `; the ceiling is ${money(month.ceilingUsd)}`
  return `At this pace it will be ${money(month.forecastUsd)} by the end of the month${of}.`
}

type Priced = NonNullable<Route['solvers'][number]['price']>

/** What the same tokens would have cost at the dearest model of the routes, and without providers' caches. */
export function savedWords(models: readonly CostGroup[], routes: readonly Route[]): string {
  const prices = new Map<string, Priced>()
  for (const { solvers } of routes) for (const { name, price } of solvers) if (price) prices.set(name, price)
  const dearest = [...prices.values()].sort((a, b) => b.inputUsdPerMillion - a.inputUsdPerMillion)[0]
  if (!dearest) return ''
  let saved = 0
  for (const { inputTokens, outputTokens, costUsd } of models)
    saved += costOf(dearest, inputTokens, outputTokens) - costUsd
  return saved > 0
    ? `Routing and providers’ caches saved ${money(saved)} against asking the dearest model each time.`
    : ''
}

function costOf({ inputUsdPerMillion, outputUsdPerMillion }: Priced, input: number, output: number): number {
  return (input * inputUsdPerMillion + output * outputUsdPerMillion) / 1e6
}
