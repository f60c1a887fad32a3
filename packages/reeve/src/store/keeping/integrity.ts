import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ReeveError } from '../../base/errors.ts'
import { siblingScript } from '../../base/package-files.ts'
import type { Database } from '../database.ts'
import { listTables } from '../dialect.ts'

export interface Integrity {
  /** What the database's own check says; empty when clean. */
  problems: string[]
  /** Tables that could not be checked without making the log grow too much: others write to them now. */
  unchecked: string[]
}

/** A smaller file is checked sooner than its log grows. */
const quickBytes = 64 * 1024 * 1024
/** So much may be written while one check reads; then it gives way. */
const mostGrowth = 64 * 1024 * 1024
const lookMs = 50

/**
 * The database's own check of itself. SQLite's reads the file at one moment, and the log cannot be used anew meanwhile: so
 * a large one is checked in a process of its own, which is ended when workers have written too much. Then it is checked
 * table by table, each at a moment of its own.
 */
export async function checkIntegrity(
  database: Database,
  {
    quick = quickBytes,
    growth = mostGrowth,
    signal,
  }: { quick?: number; growth?: number; signal?: AbortSignal } = {},
): Promise<Integrity> {
  const size = statSync(database.place, { throwIfNoEntry: false })?.size ?? 0
  if (database.kind !== 'sqlite' || size < quick) {
    return { problems: await database.integrity(), unchecked: [] }
  }
  const whole = await checkBeside(database.place, { growth, signal })
  if (whole) return { problems: whole, unchecked: [] }
  const found: Integrity = { problems: [], unchecked: [] }
  for (const { name } of await database.all<{ name: string }>(listTables.sqlite)) {
    const problems = await checkBeside(database.place, { growth, signal }, name)
    if (problems) found.problems.push(...problems)
    else found.unchecked.push(name)
  }
  return found
}

/** Undefined when it gave way. @throws `integrity-check-failed` */
async function checkBeside(
  file: string,
  { growth, signal }: { growth: number; signal: AbortSignal | undefined },
  table?: string,
): Promise<string[] | undefined> {
  if (signal?.aborted) return undefined
  const script = fileURLToPath(siblingScript(import.meta.url, 'integrity-child'))
  const args = table === undefined ? [file] : [file, table]
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const logBytes = () => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const before = logBytes()
  let gaveWay = false
  const look = setInterval(() => {
    if (logBytes() - before < growth && !signal?.aborted) return
    gaveWay = true
    child.kill('SIGKILL')
  }, lookMs)
  try {
    const [said, complaint, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    if (gaveWay || signal?.aborted) return undefined
    if (code === 0) return JSON.parse(said) as string[]
    throw new ReeveError(
      'integrity-check-failed',
      `The check of ${file} ended before it was through: ${complaint.trim().slice(-500) || `exit code ${code}`}. Try again; if it fails again, keep a copy of the file and restore a backup.`,
    )
  } finally {
    clearInterval(look)
  }
}
