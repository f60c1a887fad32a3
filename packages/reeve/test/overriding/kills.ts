import { describe, expect } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { approvalCase, type OpenApprovals } from '../approvals/harness.ts'
import { Failpoints, withFailpoints } from '../crash/failpoints.ts'
import { testEngine } from '../engine/harness.ts'
import { begin, flowOf, goOn, type Outside, override, scenes } from './killed/scenes.ts'

class Killed extends Error {}

/** A database over which nothing is answered any more once it has died: in the middle of a transaction, too, which is rolled back. */
function mortal(database: Database): {
  database: Database
  dieAt: (at: number) => void
  isDead: () => boolean
} {
  let isDead = false
  const die = () => {
    isDead = true
    throw new Killed()
  }
  let current = new Failpoints(0, die)
  const counted = new Failpoints(0, die)
  counted.reach = (label) => current.reach(label)
  const inner = withFailpoints(database, counted)
  const over =
    (ask: (...given: never[]) => Promise<unknown>) =>
    async (...given: never[]) => {
      try {
        if (!isDead) return await ask.apply(inner, given)
      } catch (error) {
        if (!isDead) throw error
      }
      return new Promise<never>(() => {})
    }
  const link: Database = Object.create(inner, {
    writeElsewhere: { value: undefined },
    ...Object.fromEntries(
      (['transaction', 'all', 'get', 'run', 'bulk'] as const).map((name) => [
        name,
        { value: over(inner[name] as never) },
      ]),
    ),
  })
  return {
    database: link,
    dieAt: (at) => {
      current = new Failpoints(at, die)
      current.arm()
    },
    isDead: () => isDead,
  }
}

/** Dies before and after each write of an override, of whoever gives it and of the worker that takes it. */
export function overrideKills(name: string, open: OpenApprovals): void {
  describe(`overrides that are killed on ${name}`, () => {
    for (const scene of scenes)
      approvalCase(`of ${scene.what}`, open, async (store) => {
        const outcomes = new Set<string>()
        let ids = 0
        const newId = () => `id${++ids}`
        for (let at = 1; ; at++) {
          await store.database.run(`delete from authority_log where type = 'run-overridden'`)
          const lines: string[] = []
          const outside: Outside = { note: (line) => lines.push(line), isReleased: false }
          const flow = flowOf(scene, outside)
          const link = mortal(store.database)
          const { engine } = await testEngine([flow], { ...store, newId, database: link.database })
          await engine.start()
          const run = await begin(engine, store.database, scene)
          link.dieAt(at)
          let isOver = false
          void override(engine, run, scene, outside)
            .then(() => engine.resultOf(run))
            .then(() => {
              isOver = true
            })
          while (!isOver && !link.isDead()) await settle()
          if (isOver) {
            link.dieAt(0)
            await engine.stop()
          }
          await store.database.run('delete from workers')
          const next = await testEngine([flow], { ...store, newId })
          const outcome = await goOn(next.engine, store.database, {
            run,
            scene,
            outside,
            lines: () => lines,
          })
          outcomes.add(outcome)
          if (isOver) break
        }
        expect(outcomes).toEqual(new Set(scene.own ? ['own', 'overridden'] : ['overridden']))
      })
  })
}
