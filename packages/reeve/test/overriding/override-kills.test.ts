import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, testEngine } from '../engine/harness.ts'
import { flowOf, goOn, type Outside, scenes } from './killed/scenes.ts'

/** `npm run test:overrides` kills at every boundary of every scene; here is one kill of each kind, and `kills.ts` has all without a process. */
const isAll = process.env.REEVE_OVERRIDE_KILLS === 'all'
const chosen = isAll ? [...scenes.keys()] : [scenes.length - 1]
let place: string

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'reeve-override-kills-'))
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Answers whether the process came to its end before the boundary. */
async function killedAt(scene: number, at: number): Promise<boolean> {
  const file = join(place, `${scene}-${at}.db`)
  const notes = join(place, `${scene}-${at}.notes`)
  const program = join(import.meta.dirname, 'killed/process.ts')
  const { stdout, stderr, signal } = spawnSync(
    process.execPath,
    [
      '--conditions=reeve-source',
      '--disable-warning=ExperimentalWarning',
      program,
      file,
      notes,
      `${scene}`,
      `${at}`,
    ],
    { encoding: 'utf8' },
  )
  const [run = '', done] = stdout.split('\n')
  const isDone = done === 'done'
  expect({ stderr, isKilled: signal === 'SIGKILL' }).toEqual({ stderr: '', isKilled: !isDone })
  const lines = () => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').slice(0, -1) : [])
  const clock = new FakeClock()
  const database = await openTestDatabase(clock, file)
  await database.run('delete from workers')
  const told: string[] = []
  const outside: Outside = { isReleased: false, note: (line) => told.push(line) }
  let ids = 0
  // Another process has other ids.
  const newId = () => `next${++ids}`
  const { engine } = await testEngine([flowOf(scenes[scene]!, outside)], { clock, database, newId })
  await goOn(engine, database, {
    run,
    scene: scenes[scene]!,
    outside,
    lines: () => [...lines(), ...told],
  })
  await database.close()
  return isDone
}

for (const index of chosen)
  test(`a process that is killed while ${scenes[index]!.what} is overridden leaves one of the two`, async () => {
    if (!isAll) {
      for (const at of [4, 12]) expect(await killedAt(index, at)).toBe(false)
      return
    }
    for (let at = 1; !(await killedAt(index, at)); at++);
  }, 1_800_000)
