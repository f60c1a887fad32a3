import type { CostGroup, Route, Today } from '../../api/types.ts'
import { money } from '../../ui/words.ts'

/** Where the month ends up at the pace of today and yesterday. */
export function forecastWords(month: Today['spend']['month'] | undefined): string {
  if (!month || month.forecastUsd === null || month.forecastUsd === 0) return ''
  const of = month.ceilingUsd === null ? '' : `; the ceiling is ${money(month.ceilingUsd)}`
  return `At this pace it will be ${money(month.forecastUsd)} by the end of the month${of}.`
}

/** What the same tokens would have cost at the dearest model of their route, and without providers’ caches. */
export function savedWords(models: readonly CostGroup[], routes: readonly Route[]): string {
  let saved = 0
  for (const { name, inputTokens, outputTokens, costUsd } of models) {
    const wouldCost = routes
      .filter(({ solvers }) => solvers.some((each) => each.name === name))
      .map(({ solvers }) => Math.max(...solvers.map(({ price }) => costOf(price, inputTokens, outputTokens))))
    // The figures do not say which route asked it: of several the one counts that saves least.
    if (wouldCost.length > 0) saved += Math.max(0, Math.min(...wouldCost) - costUsd)
  }
  return saved > 0
    ? `Routing and providers’ caches saved ${money(saved)} against asking the dearest model of each route every time.`
    : ''
}

function costOf(price: Route['solvers'][number]['price'], input: number, output: number): number {
  return price === null ? 0 : (input * price.inputUsdPerMillion + output * price.outputUsdPerMillion) / 1e6
}
