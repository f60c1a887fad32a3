import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'

/** What must be written down of a workflow before it is trusted with more: the operating checklist. */
export interface Checklist {
  /** The person who answers for it. */
  owner: string
  /** The tools that it may use, each with what a wrong call can do: `low`, `medium`, `high`. */
  tools: Readonly<Record<string, 'low' | 'medium' | 'high'>>
  /** What it may know: knowledge, memory, systems that it reads. */
  sources: readonly string[]
  /** When a case counts as done. */
  completion: string
  /** Who looks at what it did, and when. */
  review: string
  /** How what it did is taken back. */
  rollback: string
  /** How it is measured after launch. */
  evaluation: string
}

const rules = {
  owner: 'text',
  tools: 'object',
  sources: 'texts',
  completion: 'text',
  review: 'text',
  rollback: 'text',
  evaluation: 'text',
} as const

/** What stands in it, for a person. */
const parts: Record<keyof Checklist, string> = {
  owner: 'an owner',
  tools: 'the allowed tools, with the risk of each',
  sources: 'the data sources',
  completion: 'the completion criteria',
  review: 'the review path',
  rollback: 'the rollback plan',
  evaluation: 'the evaluation',
}

/** Parts may be missing: `missingIn` says which. @throws `bad-option` when one is of another kind */
export function checkChecklist(given: unknown, what: string): Partial<Checklist> {
  if (given === undefined) return {}
  checkOptions(given, `\`readiness\` of ${what}`, rules)
  const checklist = given as Partial<Checklist>
  for (const [tool, risk] of Object.entries(checklist.tools ?? {})) {
    if (['low', 'medium', 'high'].includes(risk)) continue
    throw new ReeveError(
      'bad-option',
      `\`readiness.tools\` of ${what} rates "${tool}" as ${JSON.stringify(risk)}; it must be low, medium or high.`,
    )
  }
  return checklist
}

/** What a checklist lacks, in words; empty: it is complete. */
export function missingIn(checklist: Partial<Checklist>): string[] {
  return (Object.keys(parts) as (keyof Checklist)[]).flatMap((name) => {
    const value = checklist[name]
    const isThere =
      typeof value === 'string'
        ? value.trim() !== ''
        : Array.isArray(value)
          ? value.length > 0
          : value !== undefined && Object.keys(value).length > 0
    return isThere ? [] : [parts[name]]
  })
}
