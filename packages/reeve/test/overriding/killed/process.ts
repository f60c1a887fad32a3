import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { FakeClock, settle } from '../../../src/testing/fake-clock.ts'
import { Failpoints, withFailpoints } from '../../crash/failpoints.ts'
import { openTestDatabase, testEngine } from '../../engine/harness.ts'
import { begin, flowOf, override, scenes } from './scenes.ts'

/** Begins a scene, prints its run, overrides it, and is killed at the nth boundary of what is written then. Prints `done` when it was not. */
const [file = '', notes = '', scene = '', at = ''] = process.argv.slice(2)
const told = scenes[Number(scene)]!
const outside = {
  isReleased: false,
  note(line: string) {
    const to = openSync(notes, 'a')
    writeSync(to, `${line}\n`)
    fsyncSync(to)
    closeSync(to)
  },
}
const failpoints = new Failpoints(Number(at), () => process.kill(process.pid, 'SIGKILL'))
const clock = new FakeClock()
const database = withFailpoints(await openTestDatabase(clock, file), failpoints)
const { engine } = await testEngine([flowOf(told, outside)], { clock, database })
await engine.start()
const run = await begin(engine, database, told)
process.stdout.write(`${run}\n`)
failpoints.arm()
const overriding = override(engine, run, told, outside).then(() => engine.resultOf(run))
let isOver = false
void overriding.finally(() => {
  isOver = true
})
while (!isOver) await settle()
process.stdout.write('done')
process.exit(0)
