import { sha256 } from '../../base/hash.ts'
import { isoText } from '../../base/time/time.ts'
import { readActs } from '../authority/authority-log.ts'
import type { Database } from '../database.ts'
import { readEvents } from '../journal/journal.ts'
import { isErased } from '../keeping/erased.ts'
import { identityOf } from '../migrations.ts'
import type { RunRow } from '../runs/runs.ts'
import type { HeadRow } from './heads/head.ts'

const exportFormat = 'reeve-audit-export/1'

const page = 500

/**
 * All that an audit needs outside of Reeve, as lines of JSON: who, on whose behalf, why and at what cost, each event and act with
 * its hash, the signed heads, and at the end a hash over all lines, signed. `bin/verify-audit.mjs` checks it by itself.
 */
export async function* exportLines(database: Database, now: number): AsyncGenerator<string> {
  const { auditKeys } = database
  const keys = auditKeys === 'missing' ? undefined : auditKeys
  const identity = await identityOf(database)
  let sum: string = exportFormat
  let lines = 0
  const line = (said: object) => {
    const text = JSON.stringify(said)
    sum = sha256(`${sum}\n${text}`)
    lines++
    return text
  }
  const publicKey = keys?.current.publicKey ?? null
  yield line({ type: exportFormat, database: identity, at: isoText(now), publicKey })
  for await (const said of runLines(database)) yield line(said)
  for (let after = 0; ; ) {
    const rows = await readActs(database, after, page)
    for (const { type: act, ...row } of rows) yield line({ type: 'act', act, ...row })
    if (rows.length < page) break
    after = rows.at(-1)!.seq
  }
  for (let after = 0; ; ) {
    const rows = await database.all<HeadRow>('select * from audit_heads where no > ? order by no limit 20', [
      after,
    ])
    for (const row of rows) yield line({ type: 'head', ...row })
    if (rows.length < 20) break
    after = rows.at(-1)!.no
  }
  const signature = keys?.current.sign(JSON.stringify([exportFormat, identity, lines, sum])) ?? null
  yield JSON.stringify({ type: 'end', lines, hash: sum, signature })
}

async function* runLines(database: Database): AsyncGenerator<object> {
  for (let after = -1; ; ) {
    const runs = await database.all<RunRow & { nanousd: number }>(
      `select runs.*, (select coalesce(sum(nanousd), 0) from model_calls where model_calls.run = runs.no) as nanousd
       from runs where no > ? order by no limit ${page}`,
      [after],
    )
    for (const run of runs) {
      const { no, id, workflow, version, principal, status } = run
      const costUsd = Number(run.nanousd) / 1e9
      const at = {
        createdAt: isoText(run.created_at),
        endedAt: run.ended_at === null ? null : isoText(run.ended_at),
      }
      const pruned = { prunedSeq: run.pruned_seq, prunedHash: run.pruned_hash }
      yield { type: 'run', no, id, workflow, version, principal, status, costUsd, ...at, ...pruned }
      yield* eventLines(database, run)
    }
    if (runs.length < page) return
    after = runs.at(-1)!.no
  }
}

async function* eventLines(database: Database, run: RunRow): AsyncGenerator<object> {
  for (let last = run.pruned_seq; ; ) {
    const events = await readEvents(database, run.no, last, page)
    for (const { run: no, seq, type: event, step, name, args, at, payload, blob, hash } of events) {
      const kept = payload !== null && isErased(payload) ? null : payload
      const digest = blob ?? (payload === null ? '' : sha256(payload))
      yield { type: 'event', run: no, seq, event, step, name, args, at, payload: kept, digest, hash }
    }
    if (events.length < page) return
    last = events.at(-1)!.seq
  }
}
