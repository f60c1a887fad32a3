import { readFileSync } from 'node:fs'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { headFormat, type KeptHead, keptHead } from '../../store/audit/heads/head.ts'
import { lastHead } from '../../store/audit/heads/sign-heads.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withWorkspace } from '../terminal/workspace.ts'

/** Writes the newest signed head, to be kept where nobody who writes to the database can change it. */
export function head(cli: Cli): Promise<ExitCode> {
  return withWorkspace(cli, async ({ database }) => {
    const { terminal } = cli
    const row = await lastHead(database)
    if (!row) {
      throw new ReeveError(
        'no-audit-head',
        'No head is signed yet. A worker with an audit key signs one every five minutes in which something happens, and when it stops.',
      )
    }
    const kept = keptHead(row)
    terminal.value(kept)
    terminal.line(JSON.stringify(kept))
    return exitCodes.done
  })
}

const texts = ['database', 'at', 'hash', 'publicKey', 'signature'] as const

/**
 * Heads as `reeve audit head` and `reeve audit export` give them: a line each; other lines of an export are passed over, and a
 * line of a log may hold one as the text of its field `head`.
 * @throws `bad-audit-head`
 */
export function readKeptHeads(file: string): KeptHead[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ReeveError('bad-audit-head', `The heads in ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    })
  }
  const heads = text.split('\n').flatMap((line) => headsIn(line))
  if (heads.length > 0) return heads
  const how = 'Give a file with lines of reeve audit head, of reeve audit export, or of the log of a worker'
  throw new ReeveError('bad-audit-head', `${file} holds no signed head. ${how}.`)
}

function headsIn(line: string): KeptHead[] {
  const found = parsed(line.trim())
  if (!isRecord(found)) return []
  if (typeof found.head === 'string') return headsIn(found.head)
  if (isRecord(found.head)) return headsIn(JSON.stringify(found.head))
  if (found.format !== headFormat || typeof found.no !== 'number') return []
  return texts.every((name) => typeof found[name] === 'string') ? [found as unknown as KeptHead] : []
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
