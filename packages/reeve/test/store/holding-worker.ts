import { createInterface } from 'node:readline'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { Engine } from '../../src/engine/engine.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { identityOf } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'

/**
 * A worker in a process of its own, to be killed or stopped: it claims runs of `hold` and keeps each inside its second
 * step until a line comes on stdin. It prints `holding ID` when a run is there and `ended ID STATUS` when it let it go.
 */
const url = process.argv[2]!
const released = Promise.withResolvers<void>()
createInterface({ input: process.stdin }).once('line', () => released.resolve())

const hold = defineWorkflow({
  name: 'hold',
  input: z.unknown(),
  async run(ctx: CoreContext) {
    await ctx.step('begin', () => process.pid)
    return ctx.step('hold', async () => {
      process.stdout.write(`holding ${ctx.runId}\n`)
      await released.promise
      return process.pid
    })
  },
})

const database = new PostgresDatabase({ url, clock: systemClock })
let ids = 0
const engine = new Engine({
  database,
  clock: database.clock,
  log: silentLog,
  newId: () => `child${process.pid}x${ids++}`,
  random: Math.random,
  identity: await identityOf(database),
  onFatal: () => process.exit(70),
})
engine.workflows.add(hold)
engine.onEnded((run, ending) => process.stdout.write(`ended ${run.id} ${ending.status}\n`))
await engine.start()
process.stdout.write('working\n')
