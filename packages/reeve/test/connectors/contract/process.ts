import { readEnvironment } from '../../../src/base/config.ts'
import { projectOf } from '../../../src/project/load.ts'
import { Runtime } from '../../../src/runtime/runtime.ts'
import { connectionTo, oneCall } from '../../../src/testing/connector-checks/connection.ts'
import { cases } from '../cases/index.ts'
import type { Life } from './lives.ts'

// A worker of a project with one connection, as a process of its own: somebody kills it.
const life = JSON.parse(process.argv[2]!) as Life
const its = cases.find(({ connector: { definition } }) => definition.name === life.connector)!
const connection = connectionTo(
  its,
  { url: life.url, ...(life.endpoints && { endpoints: life.endpoints }), close: async () => {} },
  {
    credential: life.credential,
    // The service did it and answered, and nothing of that is written down yet.
    ...(life.hangsAfter !== undefined && {
      afterwards: async (action: string) => {
        if (action !== life.hangsAfter) return
        process.send!('done')
        await new Promise(() => setInterval(() => {}, 60_000))
      },
    }),
  },
)
const runtime = await Runtime.open({
  project: projectOf({ sandbox: true, connectors: { [connection.name]: connection } }, [
    oneCall(connection) as never,
  ]),
  environment: readEnvironment(life.folder, {
    REEVE_SECRETS_KEY: life.secretsKey,
    ...(life.database !== undefined && { DATABASE_URL: life.database }),
  }),
  ...(life.capacity !== undefined && { capacity: life.capacity }),
})
const runs = await Promise.all(
  life.calls.map((call, index) => runtime.startRun('one', call, { idempotencyKey: `call-${index}` })),
)
await runtime.start()
const results = await Promise.all(runs.map(({ id }) => runtime.result(id)))
process.send!(results.map(({ status }) => status))
await runtime.stop()
process.disconnect()
