import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../src/context.ts'
import { hostedSolver } from '../src/models/providers/hosted.ts'
import { projectOf } from '../src/project/load.ts'
import { Runtime } from '../src/runtime/runtime.ts'
import { httpTool } from '../src/tools/http/http.ts'
import { openApiTools } from '../src/tools/openapi/openapi-tools.ts'
import { LoopbackServer } from './tools/loopback-server.ts'

const canaries = {
  http: 'cnr-7f3Kq-http-9ZtW',
  openapi: 'cnr-2m8Xp-openapi-4LvB',
  model: 'cnr-5d1Rw-model-8HcN',
}

test('credentials of tools and models are in the one registry: no journal, log, error or prompt has them', async () => {
  const server = await LoopbackServer.start((_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"ok":true}')
  })
  onTestFinished(() => server.close())
  const origin = `http://${server.host}`
  const allowed = { allow: [], allowPrivate: [server.host] }
  const http = httpTool({
    ...allowed,
    name: 'api.get',
    credentials: () => ({ authorization: `Bearer ${canaries.http}` }),
  })
  const [listed] = openApiTools({
    ...allowed,
    name: 'shop',
    server: origin,
    document: {
      openapi: '3.0.0',
      info: { title: 's', version: '1' },
      paths: { '/orders': { get: { operationId: 'orders', responses: { 200: { description: 'ok' } } } } },
    },
    credentials: () => ({ 'x-key': canaries.openapi }),
  })
  const prompts: string[] = []
  const solver = {
    name: 'reader',
    kind: 'function' as const,
    solve(question: unknown) {
      prompts.push(JSON.stringify(question))
      return { kind: 'value' as const, value: 'x' }
    },
  }
  const told = Object.values(canaries).flatMap((canary) => [canary, Buffer.from(canary).toString('base64')])
  const flow = workflow({
    name: 'leaky',
    input: z.null(),
    async run(ctx) {
      await ctx.call(http, { url: `${origin}/` })
      await ctx.call(listed!, {})
      await ctx.step('told', () => told)
      ctx.log(`it is ${told}`)
      await ctx.extract('asked', { from: told, schema: z.string(), route: 'read' })
      return ctx.step('fails', () => Promise.reject(new Error(`with ${told}`)), { retry: { attempts: 1 } })
    },
  })
  const folder = mkdtempSync(join(tmpdir(), 'reeve-credentials-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const model = hostedSolver('openai/gpt-5-mini', { keys: { OPENAI_API_KEY: canaries.model } })
  const lines: string[] = []
  const write = (...line: unknown[]) => void lines.push(JSON.stringify(line))
  const runtime = await Runtime.open({
    project: projectOf(
      { knowledge: [], routes: { read: { solvers: [solver, model] } } },
      [flow as never],
      folder,
    ),
    environment: {
      database: { kind: 'sqlite', file: join(folder, 'reeve.db') },
      keys: {},
      user: 'ada',
      ci: false,
    },
    log: { debug: write, info: write, warn: write, error: write } as never,
  })
  await runtime.start()
  const result = await (await runtime.startRun(flow, null)).result()
  await runtime.stop()
  expect(result).toMatchObject({ status: 'failed' })
  const bytes = readdirSync(folder)
    .filter((name) => name.startsWith('reeve.db'))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
  const seen = [...bytes, ...lines, ...prompts, String((result as { error: Error }).error.message)].join('\n')
  expect(prompts).toHaveLength(1)
  expect(seen).toContain('[secret]')
  for (const form of told) expect(seen.includes(form.replace(/=+$/, '')), form).toBe(false)
})
