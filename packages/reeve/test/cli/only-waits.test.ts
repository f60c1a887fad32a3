import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve } from './hosted.ts'
import { project } from './reeve.ts'
import { served } from './served.ts'

const config = `import { defineConfig } from 'reeve'

const dear = {
  name: 'big/model',
  kind: 'hosted' as const,
  worstCaseUsd: () => 0.4,
  solve: () => ({ kind: 'value' as const, value: 'big', usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.1 } }),
}

export default defineConfig({ routes: { paid: { solvers: [dear] } }, budgets: { project: '$0.1' } })
`
const guess = `import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({}),
  run: (ctx) => ctx.extract('guess', { schema: z.string(), from: { what: 'it' }, route: 'paid' }),
})
`
const napping = `import { workflow } from 'reeve'
import { z } from 'zod'

export default workflow({ input: z.object({}), run: (ctx) => ctx.sleep('2d') })
`

test('a run that waits for a budget says which and until when: run, runs and doctor', async () => {
  const folder = project()
  for (const name of ['reply', 'ask', 'pay']) writeFileSync(join(folder, 'workflows', `${name}.ts`), guess)
  writeFileSync(join(folder, 'reeve.config.ts'), config)
  const { code, stdout } = await reeve(folder, ['run', 'ask'])
  expect(stdout).toMatch(
    /waits: the budget of the project, until [-\d]+ 00:00 UTC: question "guess"; it has no room: raise it, or see it with: .*reeve budgets\n.*goes on by itself at/,
  )
  expect(code).toBe(3)
  expect((await reeve(folder, ['runs'])).stdout).toMatch(/the budget of the project, until [-\d]+ 00:00 UTC/)
  expect((await reeve(folder, ['doctor'])).stdout).toMatch(
    /budgets +1 run waits for the budget of the project/,
  )
})

test('at a server, too, run ends with 3 where the run only waits', async () => {
  const { there } = await served((folder) => writeFileSync(join(folder, 'workflows/rest.ts'), napping))
  const { code, stdout } = await there('run', 'rest')
  expect(stdout).toMatch(
    /waits: .*\n.*goes on by itself at .* at the latest; the worker with process id \d+ on /,
  )
  expect(code).toBe(3)
})
