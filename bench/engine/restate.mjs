import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http2'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import { closedLoop, measure, resultOf, versionsOf } from './measure.ts'

/** The server's own account of its settings: this bench starts it without a configuration file. */
function readSync() {
  const config = execFileSync('node_modules/.bin/restate-server', ['--dump-config'], { encoding: 'utf8' })
  const section = config.split('[log-server]')[1] ?? ''
  return /^rocksdb-disable-wal-fsync = (\w+)$/m.exec(section)?.[1] ?? 'unknown'
}

await measure(async (spec) => {
  const service = restate.service({
    name: 'six-steps',
    handlers: {
      go: async (context, { number }) => {
        for (let step = 1; step <= spec.steps; step++) {
          await context.run(`step-${step}`, () => resultOf(number, step, spec.resultBytes))
        }
        return { steps: spec.steps }
      },
    },
  })
  const endpoint = createServer(
    restate.createEndpointHandler({ services: [service], logger: () => undefined }),
  )
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const registered = await fetch(`${spec.server.adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${endpoint.address().port}` }),
  })
  if (!registered.ok) throw new Error(`Restate refused the service: ${await registered.text()}`)
  const client = clients.connect({ url: spec.server.url }).serviceClient({ name: 'six-steps' })

  return {
    versions: versionsOf(
      '.',
      '@restatedev/restate-server',
      '@restatedev/restate-sdk',
      '@restatedev/restate-sdk-clients',
    ),
    durability: `log server: rocksdb-disable-wal-fsync=${readSync()} (its default)`,
    drive: closedLoop((number) => client.go({ number })),
    count: async () => {
      const answer = await fetch(`${spec.server.adminUrl}/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          query: `select count(*) as found from sys_invocation where status = 'completed'`,
        }),
      })
      if (!answer.ok) throw new Error(`Restate refused the count: ${await answer.text()}`)
      return (await answer.json()).rows[0].found
    },
    close: () => endpoint.close(),
  }
})
