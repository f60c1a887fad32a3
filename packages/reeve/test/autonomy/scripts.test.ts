import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { headBlockOf } from '../../src/autonomy/scripts/head-comment.ts'
import { lintScripts, loadScripts } from '../../src/autonomy/scripts/load-scripts.ts'
import { networkWall } from '../../src/autonomy/scripts/network-wall.ts'
import { scriptResult } from '../../src/autonomy/scripts/read-result.ts'
import { runScript } from '../../src/autonomy/scripts/run-script.ts'
import type { Json } from '../../src/base/json/json.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-scripts-'))
  folders.push(folder)
  mkdirSync(join(folder, 'scripts'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'scripts', name), text)
  return folder
}

/** A shell script with a manifest. */
function sh(body: string, manifest = ''): string {
  const lines = [
    'reeve:',
    '  description: Does one thing',
    ...manifest
      .split('\n')
      .filter(Boolean)
      .map((line) => `  ${line}`),
  ]
  return `#!/bin/sh\n${lines.map((line) => `# ${line}`).join('\n')}\n${body}\n`
}

async function run(text: string, inputs: Record<string, Json> = {}, file = 'it.sh', more: object = {}) {
  const folder = project({ [file]: text })
  const [script] = await loadScripts(folder)
  return runScript(folder, script!, inputs, { key: 'k-1', signal: new AbortController().signal, ...more })
}

test.each([
  [
    '#!/usr/bin/env python3\n# Publishes.\n# reeve:\n#   description: x\n#   inputs:\n#     a: string\n\nprint(1)',
    'description: x\ninputs:\n  a: string',
    4,
  ],
  ['// reeve:\n//   description: x\nrun()', 'description: x', 2],
  ['/**\n * reeve:\n *   description: x\n */\nrun()', 'description: x', 3],
  [
    '#!/bin/sh\n# reeve:\n#   description: x\n# And now something else\n#   effect: once',
    'description: x',
    3,
  ],
])('the manifest of a head comment %#', (source, yaml, line) => {
  const block = headBlockOf(source)!
  const lines = block.yaml.split('\n').filter((each) => each.trim() !== '')
  const indent = /^ */.exec(lines[0]!)![0].length
  expect(lines.map((each) => each.slice(indent).trimEnd()).join('\n')).toBe(yaml)
  expect(block.line).toBe(line)
})

test.each([
  [{ 'a.sh': 'echo 1' }, 'scripts/a.sh:1: it has no manifest'],
  [
    { 'a.sh': sh('', 'efect: once') },
    'scripts/a.sh:4: "efect" is not a part of a manifest. Did you mean effect?',
  ],
  [{ 'a.sh': sh('', 'effect: often') }, 'effect is "often"; it must be read, idempotent or once'],
  [{ 'a.sh': sh('', 'inputs:\n  topic: strng') }, 'scripts/a.sh:5: Input topic: "strng" is not a type'],
  [{ 'a.sh': sh('', 'network: [shop.example]') }, 'network is an array; it must be true or false'],
  [{ 'a.sh': sh('', 'env: [LD_PRELOAD]') }, 'which is set by the runtime'],
  [{ 'a.sh': sh('', 'folder: ../other') }, 'it must be a folder inside the project'],
  [{ 'a.sh': sh('', 'timeout: soon') }, 'scripts/a.sh:4: '],
  [{ 'a.sh': sh('', 'memory: lots') }, 'memory is "lots"; write an amount such as 64 MB'],
  [{ 'a.sh': sh('', 'reads: everything') }, '`reads` of tool "script.a" is "everything"'],
  [{ 'a.sh': sh(''), 'a.py': sh('') }, 'scripts/a.sh:1: it has the name of scripts/a.py. Rename one'],
  [{ 'a.sh': 'echo 1', 'a.yaml': 'inputs:\n  x: [' }, 'scripts/a.yaml:2: its YAML cannot be read'],
  [{ 'a.sh': 'echo 1', 'a.json': '{"inputs": ["x: string"]}' }, 'scripts/a.json:1: it has no description'],
])('%j is refused: %s', async (files, expected) => {
  const { problems } = await lintScripts(project(files))
  expect(problems.map(({ file, line, problem }) => `${file}:${line}: ${problem}`).join('\n')).toContain(
    expected,
  )
})

test('a script gets its inputs as arguments and as JSON, and gives one result', async () => {
  const body = `input=$(cat); printf '{"args": "%s", "key": "%s", "stdin": %s}' "$*" "$REEVE_KEY" "$input"`
  const inputs = 'inputs:\n  title: string\n  tags: list[str]\n  loud: boolean\n  count: integer'
  const given = { title: '-rf "x"', tags: ['a', 'b'], loud: true, count: 3 }
  const result = await run(sh(body.replace('"$*"', '"$#"'), inputs), given)
  expect(result).toEqual({ args: '5', key: 'k-1', stdin: given })
})

test('JavaScript runs on the Node that runs this, with the same arguments', async () => {
  const code = `// reeve:\n//   description: Tells\nconst more: number = 1\nconsole.log(JSON.stringify({ version: process.version, args: process.argv.slice(2), more }))`
  const result = await run(code, { title: 'a b', loud: false }, 'it.ts')
  expect(result).toEqual({ version: process.version, args: ['--title=a b'], more: 1 })
})

test('a script sees the variables that it names, its secrets, and no others', async () => {
  vi.stubEnv('SHOP_URL', 'https://shop.example')
  vi.stubEnv('OTHER', 'hidden')
  const heard: string[] = []
  const body = `printf '{"url": "%s", "token": "%s", "other": "%s"}' "$SHOP_URL" "$TOKEN" "$OTHER"`
  const result = await run(sh(body, 'env: [SHOP_URL]\nsecrets:\n  TOKEN: SHOP_KEY'), {}, 'it.sh', {
    secrets: { add: (values: string[]) => heard.push(...values) },
    reveal: async (name: string) => (name === 'SHOP_KEY' ? 'k-1234567890' : ''),
  })
  expect(result).toEqual({ url: 'https://shop.example', token: 'k-1234567890', other: '' })
  expect(heard).toEqual(['k-1234567890'])
  await expect(run(sh('echo 1', 'secrets: [NOT_THERE]'))).rejects.toThrow('needs the secret NOT_THERE')
  vi.unstubAllEnvs()
})

const manifest = { timeoutMs: 100, maxOutputBytes: 1000, output: null } as never
const ended = { cause: 'exit', exitCode: 0, signal: null, stderr: Buffer.from('why') } as const

test.each([
  ['', 'script-no-result'],
  ['  \n', 'script-no-result'],
  ['{"a":1}\n{"a":2}', 'script-two-results'],
  ['{"a":1} {"a":2}', 'script-two-results'],
  ['1\n2\n', 'script-two-results'],
  ['{"a":1}done', 'script-two-results'],
  ['published!', 'script-not-json'],
  ['{"a":1', 'script-not-json'],
  ['{"a":1,"a":2}', 'inexact-json'],
  ['{"amount": 12345678901234567890}', 'inexact-json'],
  [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'script-not-utf8'],
])('what it printed, %j, is a failure of its own: %s', (stdout, code) => {
  const read = () =>
    scriptResult({ name: 'it', manifest }, { ...ended, stdout: Buffer.from(stdout as string) })
  expect(read).toThrow(expect.objectContaining({ code }))
})

test('one result of several lines is one', () => {
  const stdout = Buffer.from('{\n  "a": [1,\n 2]\n}\n')
  expect(scriptResult({ name: 'it', manifest }, { ...ended, stdout })).toEqual({ a: [1, 2] })
})

test('an exit code of 75 may be tried again, others not', () => {
  const failed = (exitCode: number) => () =>
    scriptResult({ name: 'it', manifest }, { ...ended, exitCode, stdout: Buffer.of() })
  expect(failed(75)).toThrow(expect.objectContaining({ code: 'script-failed', retryable: true }))
  expect(failed(1)).toThrow(
    expect.objectContaining({
      code: 'script-failed',
      retryable: false,
      message: expect.stringContaining('why'),
    }),
  )
})

test('a result is held to what the manifest promises', async () => {
  const promise = 'output:\n  url: url (required)'
  await expect(run(sh(`echo '{"url": "nowhere"}'`, promise))).rejects.toMatchObject({
    code: 'script-bad-result',
  })
  expect(await run(sh(`echo '{"url": "https://a.example/", "more": 1}'`, promise))).toMatchObject({ more: 1 })
})

test('100 MB of output end it', async () => {
  await expect(run(sh('exec head -c 100000000 /dev/zero'))).rejects.toMatchObject({ code: 'script-output' })
})

test('one that sleeps past its time is ended, with grandchildren in sessions of their own', async () => {
  const folder = project({})
  const mark = join(folder, 'alive')
  // The grandchild would write its file after the script is gone.
  const body = `setsid sh -c 'echo $$ > ${mark}; while :; do sleep 0.05; done' >/dev/null 2>&1 &\nwhile [ ! -s ${mark} ]; do sleep 0.01; done\nsleep 60`
  await expect(run(sh(body, 'timeout: 700ms'))).rejects.toMatchObject({ code: 'script-timeout' })
  const pid = Number(readFileSync(mark, 'utf8'))
  expect(pid).toBeGreaterThan(1)
  expect(
    existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
  ).toBe(false)
})

test('what it may take is held to', async () => {
  const code = `# reeve:\n#   description: Grows\n#   memory: 64 MB\nx = bytearray(500_000_000)\nprint(1)`
  await expect(run(code, {}, 'it.py')).rejects.toMatchObject({
    code: 'script-failed',
    message: expect.stringContaining('MemoryError'),
  })
})

test('without a declared network it reaches nobody, where this machine can keep it away', async () => {
  const wall = await networkWall()
  if ('why' in wall) return
  const server = createServer((socket) => socket.on('error', () => {}).end('x')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const code = (declared: string) =>
    `# reeve:\n#   description: Connects\n${declared}import socket, json\ntry:\n  socket.create_connection(("127.0.0.1", ${port}), 2).close()\n  print('"reached"')\nexcept OSError as e:\n  print(json.dumps(str(e)))`
  expect(await run(code(''), {}, 'it.py')).not.toBe('reached')
  expect(await run(code('#   network: true\n'), {}, 'it.py')).toBe('reached')
  server.close()
})

test('a script whose manifest changed since it was loaded does not run; one whose code was mended does', async () => {
  const folder = project({ 'it.sh': sh('echo 1') })
  const [script] = await loadScripts(folder)
  const reveal = async () => ''
  const attempt = { key: 'k', attempt: 1, signal: new AbortController().signal, reveal }
  writeFileSync(join(folder, 'scripts/it.sh'), sh('echo 2'))
  expect(await script!.tool.run({}, attempt)).toBe(2)
  writeFileSync(join(folder, 'scripts/it.sh'), sh('echo 2', 'network: true'))
  await expect(script!.tool.run({}, attempt)).rejects.toMatchObject({ cause: { code: 'script-changed' } })
  rmSync(join(folder, 'scripts/it.sh'))
  await expect(script!.tool.run({}, attempt)).rejects.toThrow()
})

test('an executable runs by its first line', async () => {
  const folder = project({ it: sh('echo \'"by its first line"\'') })
  expect(await loadScripts(folder)).toEqual([])
  chmodSync(join(folder, 'scripts/it'), 0o755)
  const [script] = await loadScripts(folder)
  const signal = new AbortController().signal
  expect(await runScript(folder, script!, {}, { key: 'k', signal })).toBe('by its first line')
})
