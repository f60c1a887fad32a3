import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { ended, project, type Rested, said, start } from './reeve.ts'

/** A project whose runs pay a solver for each word, and fail when they are told to. */
function paying(): string {
  const folder = project()
  const config = `import { defineConfig } from 'reeve'
const paid = {
  name: 'paid/model',
  kind: 'hosted' as const,
  price: { inputUsdPerMillion: 1, outputUsdPerMillion: 5, asOf: '2026-03-21', source: 'a test' },
  worstCaseUsd: () => 0.5,
  solve: () => ({ kind: 'value' as const, value: 'word', usage: { inputTokens: 100, outputTokens: 20, costUsd: 0.25, cachedInputTokens: 40 } }),
}
const down = { name: 'down/model', kind: 'hosted' as const, solve: () => { throw Object.assign(new Error('429'), { retryable: true }) } }
const free = { name: 'rule/free', kind: 'function' as const, solve: () => ({ kind: 'value' as const, value: 'word' }) }
export default defineConfig({
  routes: { paid: { solvers: [paid] }, shaky: { solvers: [down, free], maxRetries: 0 } },
})
`
  const talk = `import { workflow } from 'reeve'
import { z } from 'zod'
export default workflow({
  input: z.object({ words: z.number(), fails: z.boolean().default(false), route: z.string().default('paid') }),
  async run(ctx, { words, fails, route }) {
    for (let word = 0; word < words; word++) await ctx.extract('word ' + word, { schema: z.string(), from: { word }, route })
    if (fails) throw new Error('as it was told')
  },
})
`
  writeFileSync(join(folder, 'reeve.config.ts'), config)
  writeFileSync(join(folder, 'workflows/talk.ts'), talk)
  return folder
}

const talk = (input: object) => ['run', 'talk', '--input', JSON.stringify(input)]

test('costs adds up calls, tokens and money, what failed runs cost too; show lists each call', async () => {
  const folder = paying()
  expect(await reeve(folder, ['costs'])).toMatchObject({ stdout: expect.stringContaining('No paid model') })
  const { runId: run } = await reeveJson<Rested>(folder, talk({ words: 2 }))
  await reeveJson<Rested>(folder, talk({ words: 1, fails: true }))
  const sums = { calls: 3, inputTokens: 300, cachedInputTokens: 120, outputTokens: 60, costUsd: 0.75 }
  expect(await reeveJson(folder, ['costs', '--by', 'model', '--since', '7d'])).toMatchObject({
    code: 0,
    by: 'model',
    groups: [{ name: 'paid/model', ...sums }],
    total: { ...sums, runs: 2, succeeded: 1, perSuccessUsd: 0.75 },
  })
  const today = new Date().toISOString().slice(0, 4)
  const days = await reeveJson<{ groups: { name: string }[] }>(folder, ['costs', '--by', 'day'])
  expect(days.groups.every(({ name }) => name.startsWith(today))).toBe(true)
  const { stdout } = await reeve(folder, ['costs', '--by', 'run'])
  expect(stdout).toMatch(new RegExp(`${run} +2 +200 +80 +40 +\\$0\\.5\\S* +1 +1 +\\$0\\.5`))
  expect(await reeve(folder, ['costs', '--by', 'mood'])).toMatchObject({ code: 2 })
  const shown = await reeveJson(folder, ['show', run])
  const call = { model: 'paid/model', agent: null, outcome: 'answered', inputTokens: 100, costUsd: 0.25 }
  expect(shown).toMatchObject({ modelCalls: [call, call], total: { costUsd: 0.5, inputTokens: 200 } })
  const text = (await reeve(folder, ['show', run])).stdout
  expect(text).toMatch(/question-completed +word 0 +paid\/model \(hosted\) +100 in, 20 out +\$0\.25/)
  expect(text).toMatch(/paid\/model +100 +40 +20 +\$0\.25\S* +answered/)
})

test('models tells keys, prices with their date, and the open breakers of workers that run', async () => {
  const folder = paying()
  const environment = { ANTHROPIC_API_KEY: 'k' }
  const dev = start(folder, ['dev'], environment)
  await said(dev.stdout, 'Ctrl-C')
  await reeveJson(folder, [...talk({ words: 6, route: 'shaky' }), '--detach'])
  type Models = {
    keys: string[]
    routes: { route: string; solvers: { solver: string; breakers: object[] }[] }[]
  }
  const models = () => reeveJson<Models>(folder, ['models'])
  await expect
    .poll(async () => (await models()).routes[1]!.solvers[0]!.breakers, { timeout: 30_000 })
    .toMatchObject([{ state: 'open', pid: dev.pid, failures: 5, probeInMs: expect.any(Number) }])
  const { stdout } = await reeve(folder, ['models'], { environment })
  expect(stdout).toContain('keys found: ANTHROPIC_API_KEY')
  expect(stdout).toContain('paid/model (hosted) $1 in, $5 out per million tokens (2026-03-21)')
  expect(stdout).toMatch(new RegExp(`breaker open in process ${dev.pid} on .*: 5 failures in a row`))
  const end = ended(dev)
  dev.kill('SIGTERM')
  await end
  expect((await models()).routes[1]!.solvers[0]!.breakers).toEqual([])
  const tried = await reeveJson<Models>(folder, ['models', 'test'])
  expect(tried.routes[1]!.solvers).toMatchObject([
    { solver: 'down/model', answer: 'failed: 429' },
    { solver: 'rule/free', answer: expect.stringContaining('answered (value)') },
  ])
  expect(tried.code).toBe(1)
  expect(await reeve(folder, ['models', 'tset'])).toMatchObject({ code: 2 })
})

test('models tells where each key comes from and where questions go, and shows no key', async () => {
  const folder = project()
  const names = ['google/gemini-2.5-flash', 'ollama/llama3.2', 'my-vllm/qwen', 'anthropic/claude-haiku-4-5']
  const route = { solvers: names }
  writeFileSync(
    join(folder, 'reeve.config.ts'),
    `import { defineConfig } from 'reeve'\nexport default defineConfig({ routes: { all: ${JSON.stringify(route)} }, prices: { 'my-vllm/qwen': { inputUsdPerMillion: 1, outputUsdPerMillion: 1, asOf: '2026-01-01', source: 'a test' } } })\n`,
  )
  const environment = {
    GEMINI_API_KEY: 'key-of-gemini',
    MY_VLLM_API_KEY: 'key-of-vllm',
    MY_VLLM_BASE_URL: 'http://127.0.0.1:9/v1',
    OLLAMA_BASE_URL: 'http://127.0.0.1:8',
    STRIPE_API_KEY: 'key-of-another',
  }
  const { stdout } = await reeve(folder, ['models'], { environment })
  expect(stdout).toContain('keys found: GEMINI_API_KEY, MY_VLLM_API_KEY\n')
  expect(stdout).toMatch(/google\/gemini\S+ .*\n +at https:\S+, with the key of GEMINI_API_KEY\n/)
  expect(stdout).toMatch(
    /my-vllm\/qwen .*\n +at http:\/\/127\.0\.0\.1:9\/v1, with the key of MY_VLLM_API_KEY\n/,
  )
  expect(stdout).toMatch(/ollama\/llama3\.2 .*\n +at http:\/\/127\.0\.0\.1:8\/v1, without a key\n/)
  expect(stdout).toContain('ANTHROPIC_API_KEY is not set')
  expect(stdout).not.toContain('key-of')
})
