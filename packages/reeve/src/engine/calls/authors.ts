import { canonical } from '../../base/json/json.ts'
import type { CallSite } from '../call-site.ts'

/** Which texts and values people gave in a run, by their content: they pass through a workflow's code unmarked. */
const bySite = new WeakMap<CallSite, Map<string, string>>()

/** Remembers who gave a value. Called as decisions are delivered, so that a replay knows the same. */
export function noteAuthor(site: CallSite, value: unknown, by: string): void {
  const key = keyFor(value)
  if (key === undefined) return
  const authors = bySite.get(site) ?? new Map<string, string>()
  bySite.set(site, authors.set(key, by))
}

/** The person who gave exactly this text, list or object in this run. */
export function authorOf(site: CallSite, value: unknown): string | undefined {
  const authors = bySite.get(site)
  const key = authors && keyFor(value)
  return key === undefined ? undefined : authors?.get(key)
}

/** A number, a yes or a no tells nothing of where it comes from. */
function keyFor(value: unknown): string | undefined {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return undefined
  return value === '' ? undefined : canonical(value)
}
