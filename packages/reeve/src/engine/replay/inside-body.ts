import { AsyncLocalStorage } from 'node:async_hooks'
import { ReeveError } from '../../base/errors.ts'
import { describeValue } from '../../base/text/shorten.ts'
import type { CallSite } from '../call-site.ts'

/** Whose body the code at hand is a part of, however many awaits deep. It follows the code, so it is exact beside others. */
const bodies = new AsyncLocalStorage<{ site: CallSite; what: string }>()

/** Runs what a call of the run does outside the workflow's own code: a step's body, a tool, a solver. */
export function runBody<T>(site: CallSite, what: string, body: () => T): T {
  const run = () => bodies.run({ site, what }, body)
  const { bodies: watch } = site.services
  return watch ? watch.run(what, run) : run()
}

/**
 * Refuses a call of `ctx` from inside a body of the same run. A replay does not run the body again, so the call would shift
 * the numbers of all calls after it.
 * @throws `nested-call`
 */
export function refuseInsideBody(site: CallSite, made: string, name?: unknown): void {
  // Its code goes on by a promise of its own: from here on it is not where its journal is.
  site.codeMoved()
  const body = bodies.getStore()
  if (body?.site !== site) return
  const call = name === undefined ? made : `${made} ${describeValue(name)}`
  throw new ReeveError(
    'nested-call',
    `The call of ${call} was made inside ${body.what}, whose body a replay does not run again. Make it outside: let the body return what is needed, and call ctx with it afterwards. For a part with calls of its own, use a plain function or a child run (ctx.start).`,
  )
}

/** In whose body the code at hand is, in words; undefined: in that of no run. */
export function whatRuns(): string | undefined {
  const body = bodies.getStore()
  return body && `${body.what} of run ${body.site.run.id}`
}
