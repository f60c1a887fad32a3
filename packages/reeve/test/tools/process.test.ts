import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { type ProcessToolOptions, processTool } from '../../src/tools/process/process.ts'
import { hasEnded } from './processes.ts'
import { callTool } from './tool-call.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-process-')))
afterAll(() => rmSync(folder, { recursive: true }))
const input = z.object({ values: z.array(z.string()), at: z.string().optional() })

/** A tool that runs a JavaScript of ours with the values as its arguments. */
function script(code: string, options: Partial<ProcessToolOptions<typeof input>> = {}) {
  return processTool({
    name: 'run.script',
    description: 'Run it',
    executable: process.execPath,
    input,
    args: ({ values }) => ['-e', code, '--', ...values],
    folder,
    ...options,
  })
}

test('passes arguments as they are, to no shell, with no environment of ours', async () => {
  process.env.REEVE_SECRET = 'canary'
  const code =
    'console.log(JSON.stringify({ args: process.argv.slice(1), env: process.env, cwd: process.cwd() }))'
  const tool = script(code, { output: 'json', env: { MODE: 'test' } })
  const values = ['a b', '$(id)', '`id`', '; rm -rf /', '"\'', '*']
  const { output, exitCode } = await callTool(tool, { values })
  delete process.env.REEVE_SECRET
  expect(output).toEqual({ args: values, env: { MODE: 'test' }, cwd: folder })
  expect(exitCode).toBe(0)
  expect([tool.effect, tool.risk]).toEqual(['once', 'medium'])
})

test('texts that a program could take for options never reach it', async () => {
  const tool = script('console.log("ran")')
  for (const value of ['--upload-pack=id', '-o', '  -x', 'a\0b']) {
    await expect(callTool(tool, { values: [value] })).rejects.toBeInstanceOf(NotApplied)
  }
  const open = script('console.log(process.argv.at(-1))', { allowDashes: true })
  expect((await callTool(open, { values: ['-o'] })).output).toBe('-o\n')
})

test('runs below its folder only', async () => {
  mkdirSync(join(folder, 'sub'))
  symlinkSync('/', join(folder, 'up'))
  const tool = script('console.log(process.cwd())', { subfolder: ({ at }) => at ?? '' })
  expect((await callTool(tool, { values: [], at: 'sub' })).output).toBe(`${join(folder, 'sub')}\n`)
  for (const at of ['..', '/', 'up', 'up/etc', 'nowhere']) {
    await expect(callTool(tool, { values: [], at })).rejects.toBeInstanceOf(NotApplied)
  }
})

test('at its time the whole group is killed, children that ignore signals too', async () => {
  const pids = join(folder, 'pids')
  const code = `
    const { spawn } = require('node:child_process'), { writeFileSync } = require('node:fs')
    process.on('SIGTERM', () => {})
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid)
    setInterval(() => {}, 1000)`
  const tool = script(code, { timeout: 1500 })
  await expect(callTool(tool, { values: [] })).rejects.toMatchObject({ code: 'process-timeout' })
  for (const pid of readFileSync(pids, 'utf8').split(' ').map(Number)) expect(await hasEnded(pid)).toBe(true)
})

test('what a program leaves behind is killed with it', async () => {
  const code = `
    const { spawn } = require('node:child_process')
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    child.on('spawn', () => { console.log(child.pid); process.exit(0) })`
  const { output } = await callTool(script(code), { values: [] })
  expect(await hasEnded(Number(output))).toBe(true)
})

test('endless output, failures and missing programs are told apart', async () => {
  const flood = script('const line = "x".repeat(65536); for (;;) require("fs").writeSync(1, line)')
  await expect(callTool(flood, { values: [] })).rejects.toMatchObject({ code: 'process-output' })
  const fails = script('console.error("no such order"); process.exit(3)')
  await expect(callTool(fails, { values: [] })).rejects.toMatchObject({
    code: 'process-failed',
    message: expect.stringContaining('exit code 3: no such order'),
    details: { exitCode: 3 },
  })
  expect(await callTool(script('process.exit(3)', { successCodes: [0, 3] }), { values: [] })).toMatchObject({
    exitCode: 3,
  })
  const missing = script('', { executable: '/nowhere/program' })
  await expect(callTool(missing, { values: [] })).rejects.toBeInstanceOf(NotApplied)
  expect(() => script('', { executable: 'git' })).toThrow(/absolute/)
})

test('reads its input, and an aborted run ends it', async () => {
  const tool = script('process.stdin.pipe(process.stdout)', { stdin: ({ values }) => values.join() })
  expect((await callTool(tool, { values: ['a', 'b'] })).output).toBe('a,b')
  const stop = new AbortController()
  const running = callTool(script('setInterval(() => {}, 1000)'), { values: [] }, { signal: stop.signal })
  setImmediate(() => stop.abort(new Error('the run was cancelled')))
  await expect(running).rejects.toThrow('the run was cancelled')
})
