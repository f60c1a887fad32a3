import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { ReeveError } from '../base/errors.ts'
import type { Execution } from '../engine/execution/execution.ts'
import type { Severable } from './life/severable.ts'
import type { WatchedBodies } from './life/watched-bodies.ts'

/** What a test knows of the runtime that it drives. */
export interface Driven {
  bodies: WatchedBodies
  /** What is asked of the database. */
  traffic: Severable['traffic']
  /** The runs that are driven at this moment. */
  runs: () => Iterable<Execution>
}

/** After so many turns of the event loop without any change there is none until something outside answers. */
const quietTurns = 20
const lookMs = 5
/** A look that took longer counts so much: the process itself got no time. */
const longestLookMs = 100

/**
 * Resolves when nothing of any run goes on by itself, and no look for work: what they wait for is time, a person, a signal or
 * another run. That is known from what acts and looks, from what is asked of the database and from the runs themselves, however long
 * it takes; how busy the machine is does not matter.
 * @param isDead whether the runtime died: then there is nothing to wait for
 * @throws `test-never-rests` when something goes on for so long (ms) and nothing changes
 */
export async function comeToRest(driven: Driven, patienceMs: number, isDead: () => boolean): Promise<void> {
  let seen = -1
  let waitedMs = 0
  for (;;) {
    await untilQuiet(driven)
    if (isDead()) return
    const goesOn = whatGoesOn(driven)
    if (goesOn.length === 0) return
    const changes = changesOf(driven)
    if (changes !== seen) waitedMs = 0
    seen = changes
    if (waitedMs >= patienceMs) throw neverRests(goesOn, patienceMs)
    const began = performance.now()
    await Promise.race([driven.bodies.changed, delay(lookMs)])
    waitedMs += Math.min(performance.now() - began, longestLookMs)
  }
}

async function untilQuiet(driven: Driven): Promise<void> {
  let seen = changesOf(driven)
  for (let quiet = 0; quiet < quietTurns; quiet++) {
    await turn()
    const changes = changesOf(driven)
    if (changes !== seen || driven.traffic.underWay > 0) quiet = 0
    seen = changes
  }
}

function changesOf({ bodies, traffic }: Driven): number {
  return bodies.changes + traffic.asked
}

/** What goes on by itself: looks, then run by run. */
function whatGoesOn({ bodies, runs }: Driven): string[] {
  const all = bodies.looksAtWork
  for (const execution of runs()) {
    const { goesOn, claim, workflow } = execution
    if (goesOn === undefined || (goesOn === 'acts' && !bodies.areAtWork)) continue
    all.push(`run ${claim.id} of "${workflow.name}" ${wordsFor(execution)}`)
  }
  return all
}

function wordsFor(execution: Execution): string {
  if (execution.goesOn === 'awaits') return 'awaits a promise of its own, outside of ctx.step'
  return execution.describeSilence()?.reason ?? 'goes on'
}

function neverRests(goesOn: string[], patienceMs: number): ReeveError {
  return new ReeveError(
    'test-never-rests',
    `For ${patienceMs} ms of real time nothing changed, and work is still in progress: ${goesOn.join('; ')}. If it is slow, give testRuntime a longer \`patience\`; if it is to hang until its time limit, say so with test.hangIn(NAME).`,
  )
}
