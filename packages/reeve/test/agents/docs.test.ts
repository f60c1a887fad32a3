import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const folder = fileURLToPath(new URL('../../../../docs/patterns/', import.meta.url))

/** Each example, and what it must print. Imported by name, so that the compiler checks them too. */
const examples: Record<string, [load: () => Promise<unknown>, printed: string[]]> = {
  'coordinator.ts': [
    () => import('../../../../docs/patterns/coordinator.ts'),
    ['succeeded', 'Guten Morgen. Es regnet.'],
  ],
  'critique.ts': [
    () => import('../../../../docs/patterns/critique.ts'),
    ['succeeded', 'Send it back', '"score"'],
  ],
  'debate.ts': [
    () => import('../../../../docs/patterns/debate.ts'),
    ['succeeded', 'both sides moved', '"usd": 75'],
  ],
  'fan-out.ts': [() => import('../../../../docs/patterns/fan-out.ts'), ['succeeded', 'stands since 1889']],
  'hand-off.ts': [() => import('../../../../docs/patterns/hand-off.ts'), ['succeeded', '"verdict": "pay"']],
  'plan.ts': [
    () => import('../../../../docs/patterns/plan.ts'),
    [
      'failed',
      'no guide left',
      'step-completed cancel hotel in Lisbon\nstep-completed cancel flight in Lisbon',
    ],
  ],
  'react.ts': [
    () => import('../../../../docs/patterns/react.ts'),
    ['succeeded', '"refund": true', 'I need the date'],
  ],
  'route.ts': [() => import('../../../../docs/patterns/route.ts'), ['succeeded', 'billing']],
  'think.ts': [() => import('../../../../docs/patterns/think.ts'), ['succeeded', '32.4']],
  'tree-of-thoughts.ts': [
    () => import('../../../../docs/patterns/tree-of-thoughts.ts'),
    ['"solved": true', '"+5"'],
  ],
}

let lines: string[] = []
beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' '))
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

test('every example is run here, and none is longer than 40 lines', () => {
  const files = readdirSync(folder).sort()
  expect(files).toEqual(Object.keys(examples).sort())
  for (const file of files) {
    const count = readFileSync(folder + file, 'utf8')
      .trimEnd()
      .split('\n').length
    expect(count, file).toBeLessThanOrEqual(40)
  }
})

test.each(Object.keys(examples))('the example %s runs without a key and does what it says', async (file) => {
  const [load, printed] = examples[file]!
  await load()
  for (const text of printed) expect(lines.join('\n')).toContain(text)
})
