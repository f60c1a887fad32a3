import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Json } from '../../../src/base/json/json.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import {
  type McpServer,
  type McpToolSettings,
  mcpServer,
  type StdioServerDefinition,
} from '../../../src/tools/mcp/index.ts'
import { callTool } from '../tool-call.ts'

const script = fileURLToPath(new URL('./hostile-server.ts', import.meta.url))

/** A folder of its own for one test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-mcp-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Hostile {
  server: McpServer
  clock: FakeClock
  pins: string
  /** Calls `act`. */
  act(what: string, args?: { [key: string]: Json }): ReturnType<typeof callTool>
}

/** The hostile server with everything it says at the start pinned, on a clock that stands still. */
export async function hostile(
  behaviour: object = {},
  options: Partial<StdioServerDefinition> & { pinned?: boolean; settings?: McpToolSettings } = {},
): Promise<Hostile> {
  const { pinned = true, settings = {}, ...rest } = options
  const clock = new FakeClock()
  const pins = rest.pins === undefined ? join(testFolder(), 'mcp-pins.json') : String(rest.pins)
  const server = mcpServer(
    {
      name: 'hostile',
      command: process.execPath,
      args: [script, JSON.stringify(behaviour)],
      tools: { act: settings, target: settings },
      ...rest,
      pins,
    },
    { clock, environment: { PATH: process.env.PATH, HOME: '/home/nobody', ALLOWED: 'yes', OTHER: 'no' } },
  )
  onTestFinished(() => server.close())
  if (pinned) await server.pin()
  const act = (what: string, args: { [key: string]: Json } = {}) =>
    callTool(server.tool('act'), { do: what, ...args })
  return { server, clock, pins, act }
}

/** Lets time pass until the promise settles: what waits for a child process needs several turns. */
export async function whileTimePasses<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let settled = false
  const done = promise.finally(() => {
    settled = true
  })
  done.catch(() => {})
  for (let turn = 0; !settled && turn < 2000; turn++) await clock.advance(10)
  return done
}
