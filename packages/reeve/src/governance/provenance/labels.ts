/**
 * Where a value came from. From the most to the least trusted:
 *
 * - `operator`: a person's own words or decision
 * - `project`: the project's code and configuration
 * - `trusted`: a tool or database that is declared trusted, in a field that cannot carry instructions
 * - `model`: the model's own making, in a run that has read nothing untrusted
 * - `untrusted`: what others wrote: mail, web, documents, free text in records, any tool that is not declared
 *
 * Memory has no label of its own: an item keeps the one that it was stored with.
 */
export type Label = 'operator' | 'project' | 'trusted' | 'model' | 'untrusted'

const order: readonly Label[] = ['operator', 'project', 'trusted', 'model', 'untrusted']

/** The label of what was made of all of these: as untrusted as the worst of them. Nothing read: `operator`. */
export function worstOf(labels: Iterable<Label>): Label {
  let worst = 0
  for (const label of labels) worst = Math.max(worst, order.indexOf(label))
  return order[worst]!
}
