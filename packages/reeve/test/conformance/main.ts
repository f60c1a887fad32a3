import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { serve } from '../../src/server/listen.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'
import { issueToken } from '../../src/store/identity/tokens.ts'
import { clientScenarios, serverScenarios } from './scenarios.ts'

/**
 * Runs the official conformance suite of MCP against the server as it is served, and against the client that projects use.
 * The suite has no option for a token and knows tools by fixed names: a workflow of each name that applies is served, and a
 * forwarder on loopback adds the token and changes nothing else.
 *
 *     npm run test:conformance [-- SCENARIO…]
 */
const suite = join(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'),
  '../dist/index.js',
)
const folder = mkdtempSync(join(tmpdir(), 'reeve-conformance-'))
const flows = [
  workflow({
    name: 'test_simple_text',
    input: z.object({}),
    run: () => 'This is a simple text response for testing.',
  }),
  workflow({
    name: 'test_error_handling',
    input: z.object({}),
    run: () => {
      throw new Error('This tool intentionally returns an error for testing')
    },
  }),
]

const wanted = process.argv.slice(2)
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
let failures = 0
try {
  if (wanted.length === 0) await compareWithDocument()
  await testServer()
  await testClient()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1

/** What the suite has is either run here or named in the document, with why not. */
async function compareWithDocument(): Promise<void> {
  const listed = await outputOf(['list'])
  const document = readFileSync(new URL('../../../../docs/mcp.md', import.meta.url), 'utf8')
  const run: readonly string[] = [...serverScenarios, ...clientScenarios]
  for (const [, name] of listed.output.matchAll(/^ {2}- (\S+) /gm)) {
    const [passed, skipped] = document.split('does not apply') as [string, string]
    const told = (run.includes(name!) ? passed : skipped).includes(`\`${name}\``)
    if (told) continue
    failures++
    process.stdout.write(`FAILED docs/mcp.md does not tell of ${name}\n`)
  }
}

async function testServer(): Promise<void> {
  const runtime = await Runtime.open({
    project: projectOf({}, flows, folder),
    environment: {
      database: { kind: 'sqlite', file: join(folder, 'reeve.db') },
      keys: {},
      user: 'ada',
      ci: true,
      variables: {},
    },
    log: silentLog,
  })
  await runtime.start()
  const served = await serve(runtime, { port: 0 })
  const { database, clock } = internalsOf(runtime)
  const token = await database.transaction(async (session) => {
    const acting = { by: 'conformance', proof: 'local-user', at: clock.now() } as const
    await addPrincipal(session, { name: 'suite', kind: 'service', role: 'operator' }, acting)
    return issueToken(
      session,
      {
        id: 'conformance',
        kind: 'access',
        principal: 'suite',
        name: 'suite',
        role: 'operator',
        expires_at: null,
      },
      acting,
    )
  })
  const front = await forwarder(served.port, token)
  try {
    for (const scenario of serverScenarios.filter(isWanted))
      await run('server', scenario, [
        'server',
        '--url',
        `http://127.0.0.1:${front.port}/mcp`,
        '--scenario',
        scenario,
      ])
  } finally {
    front.close()
    await served.close()
    await runtime.stop(1000)
  }
}

async function testClient(): Promise<void> {
  const client = fileURLToPath(new URL('client.ts', import.meta.url))
  const command = `${process.execPath} --conditions=reeve-source ${client}`
  for (const scenario of clientScenarios.filter(isWanted))
    await run('client', scenario, ['client', '--command', command, '--scenario', scenario])
}

async function run(side: string, scenario: string, args: string[]): Promise<void> {
  const { code, output } = await outputOf(args)
  const passed = code === 0 && !output.includes('WARNING')
  if (!passed) failures++
  process.stdout.write(`${passed ? 'passed' : 'FAILED'} ${side} ${scenario}\n${passed ? '' : output}`)
}

async function outputOf(args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [suite, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

/** To the server's own port, under its own name where it was asked under the forwarder's. */
async function forwarder(port: number, token: string): Promise<{ port: number; close(): void }> {
  const server = createServer((incoming, outgoing) => {
    const headers: IncomingHttpHeaders = { ...incoming.headers, authorization: `Bearer ${token}` }
    for (const name of ['host', 'origin'] as const)
      headers[name] &&= headers[name].replace(`:${own()}`, `:${port}`)
    const there = request(
      { port, host: '127.0.0.1', path: incoming.url, method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      },
    )
    there.on('error', () => outgoing.destroy())
    outgoing.on('close', () => there.destroy())
    incoming.pipe(there)
  })
  const own = () => (server.address() as AddressInfo).port
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: own(),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
