/** A budget as people call it, by its scope. */
export function budgetInWords(scope: string): string {
  const [kind, name, ...rest] = scope.split(':')
  if (kind === 'run') return rest.includes('agent') ? "the agent's `limits.cost`" : "the run's `limits.cost`"
  if (kind === 'day')
    return `the daily budget${rest.length > 0 ? ` of ${rest.join(' ')}` : ''} (${name}, by UTC)`
  return name === undefined ? `the budget of the ${kind}` : `the budget of ${kind} ${name}`
}
