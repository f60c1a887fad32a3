import { ReeveError } from '../../base/errors.ts'
import type { RouteDefinition } from './route.ts'

/** Refuses a route that cannot work, before a run depends on it. @throws `bad-route` */
export function checkRoute(name: string, route: RouteDefinition): void {
  const fault = findFault(route)
  if (fault) throw new ReeveError('bad-route', `The route "${name}" ${fault}`)
}

function findFault(route: RouteDefinition): string | undefined {
  if (route.solvers.length === 0) return 'has no solver. Add at least one.'
  const names = route.solvers.map((solver) => solver.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) return `names the solver "${twice}" twice. Leave one out.`
  const { minConfidence = 0 } = route
  if (!(minConfidence >= 0 && minConfidence <= 1))
    return `has a minConfidence of ${minConfidence}. Give a number from 0 to 1.`
  for (const key of ['maxHeals', 'timeoutMs', 'maxRetries', 'maxRetryWaitMs'] as const) {
    const value = route[key] ?? 0
    if (!(Number.isFinite(value) && value >= 0)) return `has a ${key} of ${value}. Give 0 or more.`
  }
  return undefined
}
