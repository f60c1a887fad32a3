import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { project } from './reeve.ts'

/** A project in which every command has something to answer about. */
export function wholeProject(): string {
  const folder = project()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text, { mode: name.startsWith('scripts/') ? 0o755 : 0o644 })
  }
  return folder
}

const script = (result: string) => `// reeve:
//   description: Counts what is there
//   output:
//     count: integer (required)
//   effect: read
console.log(JSON.stringify(${result}))
`

const files: Record<string, string> = {
  'connections.ts': `import { stripe } from 'reeve/connectors/stripe'
export const payments = stripe({ account: 'shop', mode: 'sandbox' })
`,
  'reeve.config.ts': `import { defineConfig } from 'reeve'
import { payments } from './connections.ts'

const reviewer = {
  name: 'rule/reviewer',
  kind: 'function' as const,
  solve: () => ({ kind: 'value' as const, value: { score: 0.93, problems: ['a little long'] }, confidence: 0.8 }),
}
const silent = { name: 'rule/silent', kind: 'function' as const, solve: () => ({ kind: 'abstain' as const, reason: 'it never knows' }) }

export default defineConfig({
  routes: { review: { solvers: ['anthropic/claude-haiku-4-5', reviewer] }, nobody: { solvers: [silent] } },
  queues: { narrow: { concurrency: 1, rate: { count: 5, per: '1s' } } },
  schedules: { yearly: { workflow: 'greet', cron: '0 0 1 1 *', zone: 'Europe/Berlin', input: { name: 'year' } } },
  budgets: { day: '$1' },
  retention: { succeeded: '30d' },
  connectors: { stripe: payments },
  learning: { at: '0 3 * * *' },
})
`,
  'workflows/hooked.ts': `import { webhook, workflow } from 'reeve'
import { z } from 'zod'

export default workflow({
  input: z.object({ type: z.string() }),
  on: [webhook({ name: 'shop', secret: 'SHOP_SECRET', input: ({ body }) => body as { type: string } })],
  run: async (_ctx, { type }) => type,
})
`,
  'goals/fewer-waits.ts': `import { goal } from 'reeve'
export default goal({ aim: 'Few runs wait', owner: 'ada', metric: () => 3, target: { atMost: 5 }, review: '2099-01-01' })
`,
  'daemons/steward.ts': `import { daemon } from 'reeve'
export default daemon({
  goals: ['fewer-waits'], directives: ['count-stock'], every: '1h', floor: '1s', ceiling: '2h', route: 'nobody',
  rules: () => ({ decision: 'count-stock', reason: 'it is time' }),
})
`,
  'directives/count-stock.md': `# Directive: count-stock

## Goal
Know what is there.

## Inputs
- none

## Tools
- scripts/count.mjs

## Success Criteria
- output has count

## Known Failure Modes
- The shelf is empty on Mondays
`,
  'scripts/count.mjs': script('{ count: 3 }'),
  'scripts/count.test.mjs': `import test from 'node:test'
test('it counts', () => {})
`,
  'outside/forms/SKILL.md': `---
name: forms
description: Counts the fields of a form. Use it before a form is filled in.
allowed-tools: Read
---
# Forms

Count the fields first.
`,
  'outside/forms/scripts/count.mjs': 'console.log(\'{"fields": 3}\')\n',
  'outside/count.yaml': 'description: Counts the fields\noutput:\n  fields: integer\neffect: read\n',
  'outside/returns.md': '# Returns\n\nGoods come back within thirty days.\n',
  'evals/greet.eval.ts': `import { evaluation, exact } from 'reeve/evals'
export default evaluation({
  data: 'greet.jsonl', task: 'greet', mocks: { steps: { greeting: () => 'Hello Ann' } }, scorers: [exact({ at: 'greeting' })],
})
`,
  'evals/greet.jsonl': '{"id":"ann","input":{"name":"Ann"},"expected":{"greeting":"Hello Ann"}}\n',
}
