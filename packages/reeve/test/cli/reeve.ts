import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'
import { olderNode } from './older-node.ts'

// Processes take their time on a busy machine.
vi.setConfig({ testTimeout: 240_000 })

export const packageFolder = join(import.meta.dirname, '../..')

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A fresh folder where `reeve` and `zod` can be imported; gone after the test. */
export function temporaryFolder(): string {
  const folder = emptyFolder()
  symlinkSync(join(packageFolder, '../../node_modules'), join(folder, 'node_modules'))
  return folder
}

/** A copy of the fixture project. */
export function project(): string {
  const folder = temporaryFolder()
  cpSync(join(packageFolder, 'test/fixtures/cli-project'), folder, { recursive: true })
  return folder
}

const binary = join(packageFolder, 'bin/reeve.js')

/** Starts the real binary. The test ends it if it has not ended by itself. */
export function start(
  folder: string,
  args: string[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [binary, ...args], { cwd: folder, env: variables(environment) })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** As `start`, by a Node that is too old for Reeve, and in a process group of its own as a terminal has it. */
export function startOlder(folder: string, args: string[], bin = binary): ChildProcessWithoutNullStreams {
  const [node, ...flags] = olderNode
  const options = { cwd: folder, env: variables(), detached: true }
  const child = spawn(node, [...flags, bin, ...args], options)
  onTestFinished(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // All of them have ended.
    }
  })
  return child
}

export function variables(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TZ: 'UTC',
    REEVE_USER: 'ada',
    REEVE_PORT: '0',
    ...more,
  }
}

export function ended(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  const finished: Finished = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    finished.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    finished.stderr += text
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...finished, code })))
}

/** Resolves when a stream has said `text`; others may go on reading it. */
export function said(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  let heard = ''
  return new Promise((resolve) => {
    stream.on('data', (part) => {
      heard += String(part)
      if (heard.includes(text)) resolve()
    })
  })
}

/** Runs a command to its end. */
export function reeve(
  folder: string,
  args: string[],
  options: { input?: string; environment?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const child = start(folder, args, options.environment)
  // A command that ends before it reads its input is no fault of the test.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return ended(child)
}

/** Runs a command with `--json`; answers its exit code beside what it printed. */
export async function reeveJson<T = Record<string, unknown>>(
  folder: string,
  args: string[],
  options: { environment?: NodeJS.ProcessEnv } = {},
): Promise<T & { code: number | null }> {
  const { code, stdout, stderr } = await reeve(folder, [...args, '--json'], options)
  try {
    return { ...(JSON.parse(stdout) as T), code }
  } catch (cause) {
    throw new Error(`reeve ${args.join(' ')} printed no JSON: ${stdout}${stderr}`, { cause })
  }
}

/** The lines of a process as they come. */
export async function* linesOf(
  child: ChildProcessWithoutNullStreams,
): AsyncGenerator<Record<string, unknown>> {
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line)
}

/** Changes a project's database behind Reeve's back. */
export function tamper(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, '.reeve/reeve.db'))
  database.exec(sql)
  database.close()
}

export interface Rested {
  runId: string
  status: string
  approvals: { id: string; kind: string; shown: Record<string, unknown>; commands: Record<string, string> }[]
}
