import { expect, test } from 'vitest'
import { z } from 'zod'
import { personal, workflow } from '../../src/index.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { startServer } from './server-harness.ts'

const ada = 'ada.marked@example.com'

const asks = workflow({
  name: 'asks',
  input: z.object({ to: personal(z.email()) }),
  run: (ctx, { to }) => ctx.approve(`write to ${to}`, { show: { to, text: `Dear ${to}` } }),
})

test('a viewer sees no marked text anywhere in the API; whoever may decide sees what is decided', async () => {
  const server = await startServer({ workflows: [asks] as never })
  const { id } = await (await server.as('operator')).runs.start({
    body: { workflow: 'asks', input: { to: ada } },
  })
  const { database } = server.internals
  let approval = ''
  while (approval === '') {
    approval = (await listPending(database))[0]?.id ?? ''
    await new Promise((resolve) => setImmediate(resolve))
  }
  const described = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, object>>
  }
  const bodies = async (role: 'viewer' | 'approver') => {
    const authorization = `Bearer ${await server.tokenOf(role)}`
    const read = new Map<string, string>()
    for (const [path, methods] of Object.entries(described.paths)) {
      const filled = path.replace('{run}', id).replace('{approval}', approval)
      if (!methods.get || filled.includes('{')) continue
      const stopped = new AbortController()
      const answer = await fetch(`${server.url}${filled}`, {
        headers: { authorization },
        signal: stopped.signal,
      })
      if (answer.headers.get('content-type')?.includes('json')) read.set(path, await answer.text())
      stopped.abort()
    }
    return read
  }
  const seen = await bodies('viewer')
  expect(seen.get('/api/approvals/{approval}')).toContain('[marked:')
  expect([...seen].filter(([, body]) => body.includes(ada)).map(([path]) => path)).toEqual([])
  const decided = await bodies('approver')
  const shown = [...decided].filter(([, body]) => body.includes(ada)).map(([path]) => path)
  expect(shown).toEqual(expect.arrayContaining(['/api/approvals', '/api/approvals/{approval}']))
  const preview = await fetch(`${server.url}/api/approvals/${approval}/preview`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await server.tokenOf('viewer')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ edit: {} }),
  })
  expect(preview.status).toBe(403)
})
