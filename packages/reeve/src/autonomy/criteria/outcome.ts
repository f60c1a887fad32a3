import { shorten } from '../../base/text/shorten.ts'
import { fill, type Scope } from '../fill-template.ts'
import type { Template } from '../template.ts'

/** What was found when a criterion was looked at. */
export interface Outcome {
  met: boolean
  /** In words. */
  seen: string
}

export function unmet(seen: string): Outcome {
  return { met: false, seen }
}

/** Whether a text has what it must have, and nothing that it must not. */
export function textOutcome(
  text: string,
  { contains, lacks }: { contains: readonly Template[]; lacks: readonly Template[] },
  scope: Scope,
  what: string,
): Outcome {
  for (const [templates, wanted] of [
    [contains, true],
    [lacks, false],
  ] as const) {
    for (const template of templates) {
      const filled = fill(template, scope)
      if (!filled.ok) return unmet(filled.problem)
      if (text.includes(filled.text) !== wanted)
        return unmet(
          `${what} ${wanted ? 'does not contain' : 'contains'} ${JSON.stringify(shorten(filled.text, 100))}`,
        )
    }
  }
  return { met: true, seen: what }
}
