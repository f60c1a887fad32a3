import { canonical } from '../../base/json/json.ts'
import type { Execution } from '../execution/execution.ts'

/** Which texts and values people gave in a run, by their content: they pass through a workflow's code unmarked. */
const byExecution = new WeakMap<Execution, Map<string, string>>()

/** Remembers who gave a value. Called as decisions are delivered, so that a replay knows the same. */
export function noteAuthor(execution: Execution, value: unknown, by: string): void {
  const key = keyFor(value)
  if (key === undefined) return
  const authors = byExecution.get(execution) ?? new Map<string, string>()
  byExecution.set(execution, authors.set(key, by))
}

/** The person who gave exactly this text, list or object in this run. */
export function authorOf(execution: Execution, value: unknown): string | undefined {
  const authors = byExecution.get(execution)
  const key = authors && keyFor(value)
  return key === undefined ? undefined : authors?.get(key)
}

/** A number, a yes or a no tells nothing of where it comes from. */
function keyFor(value: unknown): string | undefined {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return undefined
  return value === '' ? undefined : canonical(value)
}
