/** One step of a plan. */
export interface PlannedStep {
  id: string
  action: string
  args: unknown
  /** Steps that must be done before it. */
  needs: string[]
}

/** What makes a plan one that cannot be carried out; undefined: nothing. */
export function findPlanFault(steps: readonly PlannedStep[]): string | undefined {
  const ids = new Set<string>()
  for (const { id } of steps) {
    if (ids.has(id)) return `two steps have the id "${id}"`
    ids.add(id)
  }
  for (const { id, needs } of steps) {
    const missing = needs.find((need) => !ids.has(need))
    if (missing !== undefined) return `step "${id}" needs "${missing}", which is not a step of the plan`
  }
  const cycle = findCycle(steps)
  return cycle && `its steps wait for each other in a circle: ${cycle.join(' → ')}`
}

/** The ids along a cycle, the first one again at its end. */
function findCycle(steps: readonly PlannedStep[]): string[] | undefined {
  const needsOf = new Map(steps.map(({ id, needs }) => [id, needs]))
  const finished = new Set<string>()
  for (const { id } of steps) {
    // A set keeps the order in which ids came, and finds one at once.
    const path = new Set<string>()
    const pending: { id: string; next: number }[] = [{ id, next: 0 }]
    // Depth first without recursion: a plan may be as long as a model likes.
    while (pending.length > 0) {
      const top = pending.at(-1)!
      if (top.next === 0) {
        if (finished.has(top.id)) {
          pending.pop()
          continue
        }
        if (path.has(top.id)) return [...[...path].slice([...path].indexOf(top.id)), top.id]
        path.add(top.id)
      }
      const need = needsOf.get(top.id)![top.next++]
      if (need !== undefined) pending.push({ id: need, next: 0 })
      else {
        finished.add(top.id)
        path.delete(top.id)
        pending.pop()
      }
    }
  }
  return undefined
}
