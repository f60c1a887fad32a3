import type { CallSite } from '../../call-site.ts'

/** What each run has done that may be required of it, or spares it a review: as its code saw it, so that a replay knows the same. */
const bySite = new WeakMap<CallSite, Set<string>>()

/** Whether anybody will ask what the run has done. */
export function isNoted({ workflow }: CallSite): boolean {
  return workflow.requires.length > 0 || workflow.review !== undefined
}

/** Remembers that a call has come about whose name may be required. Runs of which nobody will ask remember nothing. */
export function noteDone(site: CallSite, name: string): void {
  if (!isNoted(site)) return
  const done = bySite.get(site) ?? new Set()
  bySite.set(site, done.add(name))
}

/** The same once a call settles well. */
export function noteWhenDone<T>(site: CallSite, promise: Promise<T>, name: string): Promise<T> {
  if (!isNoted(site)) return promise
  return promise.then((value) => {
    noteDone(site, name)
    return value
  })
}

/** Whether one of these has come about. */
export function hasDone(site: CallSite, names: readonly string[]): boolean {
  const done = bySite.get(site)
  return done !== undefined && names.some((name) => done.has(name))
}

/** All that has come about. */
export function doneIn(site: CallSite): string[] {
  return [...(bySite.get(site) ?? [])]
}
