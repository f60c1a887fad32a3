import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ReeveError } from '../../base/errors.ts'
import { moduleUrl } from '../../base/package-files.ts'
import { BoundedChild } from '../../base/process/bounded-child.ts'
import { lastCharacters } from '../../base/text/shorten.ts'
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
/** SQLite tells of a hundred problems at the most. */
const mostSaidBytes = 1_048_576

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
  const script = fileURLToPath(moduleUrl('store/keeping/integrity-child'))
  const args = table === undefined ? [file] : [file, table]
  const logBytes = () => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const before = logBytes()
  const giveWay = new AbortController()
  const child = await BoundedChild.start({
    file: process.execPath,
    args: [script, ...args],
    env: {},
    cwd: process.cwd(),
    maxOutputBytes: mostSaidBytes,
    signal: giveWay.signal,
  })
  const look = setInterval(() => {
    if (logBytes() - before >= growth || signal?.aborted) giveWay.abort()
  }, lookMs)
  try {
    const { cause, exitCode, stdout, stderr } = await child.ended
    if (cause === 'aborted' || signal?.aborted) return undefined
    if (cause === 'exit' && exitCode === 0) return JSON.parse(stdout.toString('utf8')) as string[]
    const complaint = lastCharacters(stderr.toString('utf8').trim(), 500) || `exit code ${exitCode}`
    throw new ReeveError(
      'integrity-check-failed',
      `The check of ${file} ended before it was through: ${complaint}. Try again; if it fails again, keep a copy of the file and restore a backup.`,
    )
  } finally {
    clearInterval(look)
  }
}
