import { existsSync, writeSync } from 'node:fs'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, workflow } from '../../src/index.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'

/**
 * A worker in a process of its own, whose event loop each run of `block` keeps from turning until a file is there. It
 * prints its worker's id, then `blocking` and `ended STATUS`.
 */
const [url, gate, maxBlockedMs] = process.argv.slice(2) as [string, string, string]
const cell = new Int32Array(new SharedArrayBuffer(4))

const block = workflow({
  name: 'block',
  input: z.any(),
  async run(ctx) {
    await ctx.step('begin', () => process.pid)
    writeSync(1, 'blocking\n')
    while (!existsSync(gate)) Atomics.wait(cell, 0, 0, 10)
    return ctx.step('end', () => process.pid)
  },
})

const runtime = await Runtime.open({
  project: projectOf({}, [block]),
  environment: readEnvironment(process.cwd(), { DATABASE_URL: url }),
  maxBlockedMs: Number(maxBlockedMs),
})
const { engine } = internalsOf(runtime)
engine.onEnded((_run, { status }) => writeSync(1, `ended ${status}\n`))
writeSync(1, `worker ${engine.worker.id}\n`)
const started = runtime.start()
process.once('SIGTERM', () => void started.then(() => runtime.stop()))
