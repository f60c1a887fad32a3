import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { PolicyCall } from '../../src/governance/policies/policy.ts'
import { PolicyBench } from '../../src/governance/policies/policy-bench.ts'
import { inferTool } from '../../src/governance/tools/infer-tool.ts'

const declared = pathToFileURL(join(import.meta.dirname, '../../src/governance/policies/policy.ts')).href

/** A bench of policy files with these bodies. */
function benchOf(files: Record<string, string>): PolicyBench {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-policies-'))
  const named = Object.entries(files).map(([name, text]) => {
    const file = join(folder, `${name}.ts`)
    writeFileSync(file, `import { policy } from '${declared}'\n${text}`)
    return { name, file }
  })
  const bench = new PolicyBench(named)
  onTestFinished(async () => {
    await bench.end()
    rmSync(folder, { recursive: true })
  })
  return bench
}

function call(args: PolicyCall['args'] = {}): PolicyCall {
  return {
    tool: inferTool({ name: 'send_money' }),
    args,
    chain: ['ada', 'agent:desk'],
    workflow: 'flow',
    run: 'run-1',
    verdict: 'allow',
    reasons: [],
    places: [],
    hasReadUntrusted: false,
    hasReadPrivate: false,
  }
}

test('policies tighten, each with its reason, and say nothing of what they do not mind', async () => {
  const bench = benchOf({
    large: `export default policy(({ args }) => Number(args.amount) > 50 ? { verdict: 'ask', text: 'Large.' } : undefined)`,
    night: `export default policy(({ chain }) => chain.includes('agent:owl') ? 'deny' : undefined)`,
  })
  await bench.begin()
  expect(await bench.ask(call({ amount: 20 }))).toEqual([])
  expect(await bench.ask(call({ amount: 60 }))).toEqual([{ code: 'policy', text: 'Large.', verdict: 'ask' }])
  const owls = { ...call({ amount: 60 }), chain: ['ada', 'agent:owl'] }
  expect((await bench.ask(owls)).map(({ verdict }) => verdict)).toEqual(['ask', 'deny'])
})

test.each([
  ['throws', `export default policy(() => { throw new Error('no idea') })`, /"throws" failed.*no idea/],
  ['promises', `export default policy(async () => 'ask' as never)`, /"promises" failed.*neither/],
  ['allows', `export default policy(() => 'allow' as never)`, /"allows" failed.*neither/],
])('a policy that %s denies and says so', async (name, text, why) => {
  const bench = benchOf({ [name]: text })
  expect(await bench.ask(call())).toEqual([
    { code: 'policy-failed', text: expect.stringMatching(why), verdict: 'deny' },
  ])
})

test('a policy that loops denies, holds nobody up, and the next call is asked again', async () => {
  const bench = benchOf({
    fine: `export default policy(() => undefined)`,
    loops: `export default policy(({ args }) => { while (args.loop) {} return undefined })`,
  })
  let turns = 0
  const count = setInterval(() => turns++, 5)
  const [looped, after] = await Promise.all([bench.ask(call({ loop: true })), bench.ask(call())])
  clearInterval(count)
  expect(looped).toEqual([
    { code: 'policy-failed', text: expect.stringMatching(/"loops" failed.*250 ms/), verdict: 'deny' },
  ])
  expect(after).toEqual([])
  expect(turns).toBeGreaterThan(5)
})

test('a policy that ends its process ends its thread alone, and denies', async () => {
  const bench = benchOf({ leaves: `export default policy(() => process.exit(1))` })
  expect((await bench.ask(call())).map(({ verdict }) => verdict)).toEqual(['deny'])
  expect((await bench.ask(call())).map(({ verdict }) => verdict)).toEqual(['deny'])
})

test.each([
  ['broken', `export default policy((`, 'broken-file'],
  ['other', `export default 7`, 'bad-policy'],
])('a file that is %s is refused as the project starts, and denies every call', async (name, text, code) => {
  const bench = benchOf({ [name]: text })
  await expect(bench.begin()).rejects.toMatchObject({ code })
  expect((await bench.ask(call())).map(({ verdict }) => verdict)).toEqual(['deny'])
})

test('the hash changes with a file', () => {
  const one = benchOf({ a: `export default policy(() => undefined)` })
  const other = benchOf({ a: `export default policy(() => 'ask')` })
  expect(one.hash).not.toBe(other.hash)
  expect(new PolicyBench().isEmpty).toBe(true)
})
