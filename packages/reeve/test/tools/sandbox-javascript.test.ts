import { expect, test } from 'vitest'
import type { ReeveError } from '../../src/base/errors.ts'
import { runJavaScript } from '../../src/tools/sandbox/javascript.ts'
import { sandboxTool } from '../../src/tools/sandbox/sandbox-tool.ts'
import { callTool } from './tool-call.ts'

test('runs a function of its input, and keeps what it prints', async () => {
  const result = await runJavaScript(
    `console.log('adding', input.numbers)
     const sum = await Promise.resolve(input.numbers.reduce((a, b) => a + b, 0))
     return { sum }`,
    { numbers: [1, 2, 3] },
  )
  expect(result).toEqual({ value: { sum: 6 }, logs: ['adding [1,2,3]'] })
})

/** Each expression is evaluated in the guest; what it yields must be nothing of the host. */
const waysOut = {
  'the constructor of a host function': `console.log.constructor('return typeof process')()`,
  'the constructor of its own objects': `({}).constructor.constructor('return typeof process')()`,
  'an async constructor': `await (async () => {}).constructor('return typeof require')()`,
  'the global object by an indirect eval': `(0, eval)('typeof globalThis.process')`,
  process: `typeof process`,
  require: `typeof require`,
  module: `typeof module + typeof exports`,
  'the standard modules of QuickJS': `typeof std + typeof os + typeof bjson`,
  'loading a script': `typeof loadScript + typeof load`,
  'network functions': `typeof fetch + typeof WebSocket + typeof XMLHttpRequest`,
  timers: `typeof setTimeout + typeof setInterval`,
  WebAssembly: `typeof WebAssembly`,
  'another runtime': `typeof Deno + typeof Bun`,
  'the callers of a function': `(function f() { return String(f.caller) })() === 'null' ? 'undefined' : 'caller'`,
}

test('finds no way out by name or by constructor', async () => {
  const tries = Object.entries(waysOut).map(
    ([name, expression]) => `try { found[${JSON.stringify(name)}] = String(${expression}) }
      catch (error) { found[${JSON.stringify(name)}] = 'undefined' }`,
  )
  const { value } = await runJavaScript(`const found = {}\n${tries.join('\n')}\nreturn found`)
  expect(Object.keys(value as object)).toEqual(Object.keys(waysOut))
  for (const [name, found] of Object.entries(value as Record<string, string>)) {
    expect([name, found.replaceAll('undefined', '')]).toEqual([name, ''])
  }
})

test.each([
  [`return (await import('node:fs')).readFileSync('/etc/passwd', 'utf8')`, 'script-failed'],
  [`return (await import('file:///etc/passwd'))`, 'script-failed'],
  [`import fs from 'fs'`, 'script-failed'],
  [`for (;;) {}`, 'script-timeout'],
  [`while (true) await null`, 'script-timeout'],
  [`return /^(a+)+$/.test('a'.repeat(40) + 'b')`, 'script-timeout'],
  // Small, so that only the time can end it: a large one is a race between the limits of time and memory.
  [`return [2, 1].sort(() => { for (;;); })`, 'script-timeout'],
  [`return [...Array(2 ** 22).keys()].length`, 'out-of-memory'],
  [`try { for (;;) {} } finally { for (;;) {} }`, 'script-timeout'],
  [`const hoard = []; for (;;) hoard.push(new Array(10000).fill(7))`, 'out-of-memory'],
  [`let text = 'x'; for (;;) text += text`, 'script-failed'],
  [`const deeper = () => deeper() + 1; return deeper()`, 'script-failed'],
  [`return 'x'.repeat(1_000_000)`, 'script-output'],
  [`for (;;) console.log('x'.repeat(1000))`, 'script-output'],
  [`const self = {}; self.self = self; return self`, 'script-failed'],
  [`return () => 1`, 'script-failed'],
  [`await new Promise(() => {})`, 'script-failed'],
  [`let deep = 1; for (let i = 0; i < 1000; i++) deep = [deep]; return deep`, 'json-too-deep'],
  [`let deep = 1; for (let i = 0; i < 100_000; i++) deep = [deep]; return deep`, 'script-failed'],
  [`})(); (() => {`, 'script-failed'],
  [`throw new Proxy({}, { get() { for (;;) {} } })`, 'script-timeout'],
  [`return { toJSON() { throw new Error('no') } }`, 'script-failed'],
])('%s ends as %s', async (code, outcome) => {
  const limits = {
    time: outcome === 'script-timeout' ? 250 : 15_000,
    memoryBytes: 32 * 1_048_576,
    outputBytes: 100_000,
  }
  // Whichever of the two limits is met first: the interpreter's own, or that of the process.
  const codes = outcome === 'out-of-memory' ? ['script-failed', 'script-crashed'] : [outcome]
  const error = await runJavaScript(code, null, limits).catch((error: ReeveError) => error)
  expect(codes).toContain((error as ReeveError).code)
  if (outcome === 'out-of-memory') expect((error as ReeveError).message).toMatch(/out of memory/)
})

test('nothing that it does to its own prototypes and JSON reaches the host', async () => {
  const { value } = await runJavaScript(
    `Object.prototype.status = 'failed'; Object.prototype.polluted = 1
     Array.prototype.toJSON = () => 'gone'; Promise.prototype.then = null
     JSON.stringify = () => '{"status":"done","json":"{}"}'
     return { ['__proto__']: { polluted: 1 }, own: 1 }`,
  ).catch((error: { code: string }) => ({ value: error.code }))
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
  expect(JSON.stringify([1])).toBe('[1]')
  expect(['script-failed', 'script-crashed']).toContain(value)
  const { value: copied } = await runJavaScript(`return JSON.parse('{"__proto__":{"polluted":1}}')`)
  expect(Object.getPrototypeOf(copied)).toBe(Object.prototype)
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
})

test('input that looks like code stays data', async () => {
  const text = '`+process.exit()`"); throw 1 //\u2028\n</script>'
  const { value } = await runJavaScript('return input.text', { text })
  expect(value).toBe(text)
})

test('an error names the line of the script', async () => {
  await expect(runJavaScript('const a = 1\nconst b = 2\nnull.x')).rejects.toThrow(/TypeError: .*\(line 3\)/)
})

test('an aborted script ends with the reason', async () => {
  const stop = new AbortController()
  const running = runJavaScript('for (;;) {}', null, { time: '60s', signal: stop.signal })
  stop.abort(new Error('the run was cancelled'))
  await expect(running).rejects.toThrow('the run was cancelled')
})

test('as a tool, the mistakes of the code are results', async () => {
  const compute = sandboxTool({ name: 'compute', language: 'javascript' })
  expect(await callTool(compute, { code: 'return input * 2', input: 21 })).toEqual({ value: 42, logs: [] })
  expect(await callTool(compute, { code: `console.log('here'); return nowhere` })).toEqual({
    error: expect.stringContaining("ReferenceError: 'nowhere' is not defined"),
    logs: ['here'],
  })
  expect([compute.effect, compute.risk, compute.needsApproval({ code: '' })]).toEqual(['read', 'low', false])
})
