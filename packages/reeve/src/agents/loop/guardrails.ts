import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { step } from '../../engine/calls/step.ts'

/** What a guard says: let it pass, reject it with the reason, or put something else in its place. */
export type GuardVerdict =
  | { verdict: 'pass' }
  | { verdict: 'reject'; reason: string }
  | { verdict: 'redact'; value: Json; reason: string }

/** A check on what goes into an agent or comes out of it. Its verdict is journaled, so it may wait and look things up. */
export interface Guard {
  /** What journals call it. */
  name: string
  /** Passes a value, or says why not. What it throws rejects. */
  check(value: Json): GuardVerdict | Promise<GuardVerdict>
}

export type Guarded = { ok: true; value: Json } | { ok: false; guard: string; reason: string }

/** Asks the guards in order, each about what the one before it left. A guard that throws rejects: it fails closed. */
export async function applyGuards(
  site: CallSite,
  guards: readonly Guard[],
  what: string,
  value: Json,
): Promise<Guarded> {
  let current = value
  for (const guard of guards) {
    const given = current
    let verdict: GuardVerdict
    try {
      verdict = (await step(site, `${what} guard ${guard.name}`, () => guard.check(given), {
        retry: { attempts: 1 },
      })) as GuardVerdict
    } catch (error) {
      if (error instanceof ReeveError && error.code === 'limit-steps') throw error
      return { ok: false, guard: guard.name, reason: `the guard itself failed: ${(error as Error).message}` }
    }
    if (verdict.verdict === 'reject') return { ok: false, guard: guard.name, reason: verdict.reason }
    if (verdict.verdict === 'redact') current = verdict.value
  }
  return { ok: true, value: current }
}
