import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { jsonLog } from '../../src/runtime/json-log.ts'
import { startServer } from '../server/server-harness.ts'

const letters = 'Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z'
/** Known to no vault and no environment. */
const leaks = {
  key: `sk_${'live_'}${letters}`,
  bearer: `Bearer q7${letters}`,
  url: 'postgres://app:hunter2hunter2@db.example/x',
  cookie: 'session=v3ryS3cretCookie',
}
const bare = [leaks.key, `q7${letters}`, 'hunter2hunter2', 'v3ryS3cretCookie']

test('what no vault knows is in no log, no error and no answer of the API, and runs work with it as it is', async () => {
  const seen: unknown[] = []
  const leaking = workflow({
    name: 'leaking',
    input: z.object({ key: z.string(), headers: z.record(z.string(), z.string()) }),
    run: async (ctx, input) => {
      seen.push(input)
      ctx.log(`asked with ${leaks.bearer}`, { url: leaks.url })
      await ctx.step(
        'reach',
        () => {
          throw new Error(`cannot reach ${leaks.url} with ${leaks.bearer}`, {
            cause: new Error(`set-cookie: ${leaks.cookie}`),
          })
        },
        { retry: { attempts: 1 } },
      )
    },
  }) as unknown as Workflow
  const lines: string[] = []
  const log = jsonLog((line) => lines.push(line), true)
  const server = await startServer({ workflows: [leaking], log })
  server.internals.log.error(`no answer from ${leaks.url}`, { headers: { authorization: leaks.bearer } })
  const token = await server.tokenOf('owner')
  const owner = await server.as('owner')
  const hearing = await heard(server.url, token)
  const input = { key: leaks.key, headers: { cookie: leaks.cookie, authorization: leaks.bearer } }
  const { id } = await owner.runs.start({ body: { workflow: 'leaking', input } })
  await server.runtime.result(id)
  expect(seen[0]).toEqual(input)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const mcp = {
    method: 'POST',
    headers: { ...headers, accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'reeve.run', arguments: { run: id } },
    }),
  }
  const asked: [string, RequestInit?][] = [
    [`/api/runs/${id}`],
    [`/api/runs/${id}/input`],
    [`/api/runs/${id}/story`],
    [`/api/runs/${id}/events`],
    ['/api/logs?all=true'],
    ['/api/failures?since=7d'],
    [`/api/runs/${encodeURIComponent(leaks.url)}`],
    [`/${encodeURIComponent(leaks.url)}`],
    ['/mcp', mcp],
  ]
  const answers: string[] = []
  for (const [path, how] of asked)
    answers.push(await (await fetch(`${server.url}${path}`, { headers, ...how })).text())
  answers.push(await hearing())
  expect(answers.join('\n')).toContain('cannot reach postgres://app:[secret]@db.example/x')
  expect(lines.join('\n')).toContain('no answer from postgres://app:[secret]@db.example/x')
  const leaked = (texts: string[]) =>
    texts.flatMap((text, index) => bare.filter((each) => text.includes(each)).map((each) => [index, each]))
  expect({ answers: leaked(answers), lines: leaked(lines) }).toEqual({ answers: [], lines: [] })
})

/** Hears the stream of events from now on; answers the way to all of it until a run has failed. */
async function heard(url: string, token: string): Promise<() => Promise<string>> {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/api/events`, { headers, signal: leaving.signal })
  expect(response.status).toBe(200)
  return async () => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true })
      if (text.includes('"run-failed"')) break
    }
    leaving.abort()
    return text
  }
}
