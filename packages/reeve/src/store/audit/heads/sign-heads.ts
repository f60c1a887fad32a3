import { setTimeout as delay } from 'node:timers/promises'
import { sha256 } from '../../../base/hash.ts'
import { isoText } from '../../../base/time/time.ts'
import { logStart } from '../../authority/authority-log.ts'
import type { Bulk, Database, Session } from '../../database.ts'
import { tailEnd } from '../../journal/journal.ts'
import type { AuditKeys } from '../key/audit-keys.ts'
import { type HeadRow, headHash, headStart, type Leaf, signedText } from './head.ts'

/** Events whose ids one statement looks through. */
const slice = 2000
/** Events that one head looks at, so that a first one of a large database goes in parts. */
const stretch = 20_000
/** On Postgres an event may be seen long after events with higher ids. */
const lateMs = 120_000
const pauseMs = 5

/**
 * Signs the heads of all journals that went on since the last time, and the end of the log of authority. In slices: nobody waits
 * for it. When another process does the same at one moment, one of them does. Answers the newest head; undefined: nothing happened.
 */
export async function signHeads(
  database: Database,
  keys: AuditKeys,
  now: number,
  signal?: AbortSignal,
): Promise<HeadRow | undefined> {
  const end = (await tailEnd(database))?.id ?? 0
  let newest: HeadRow | undefined
  while (!signal?.aborted) {
    const last = await lastHead(database)
    const from = await beginning(database, last, now)
    const upto = Math.min(end, Math.max(from, last?.upto ?? 0) + stretch)
    const leaves = await leavesBetween(database, from, upto)
    const fresh = from === last?.upto ? leaves : await withoutListed(database, from, leaves)
    const written = await writeHead(database, keys, last, { leaves: fresh, upto, now })
    if (written === 'overtaken') break
    newest = written ?? newest
    if (upto >= end) break
    await delay(pauseMs)
  }
  return newest
}

export function lastHead(session: Session): Promise<HeadRow | undefined> {
  return session.get<HeadRow>('select * from audit_heads order by no desc limit 1')
}

async function beginning(database: Database, last: HeadRow | undefined, now: number): Promise<number> {
  if (!last || database.kind === 'sqlite') return last?.upto ?? 0
  const row = await database.get<{ upto: number | null }>(
    'select max(upto) as upto from audit_heads where at <= ?',
    [now - lateMs],
  )
  return row?.upto ?? 0
}

async function leavesBetween(database: Database, from: number, upto: number): Promise<Leaf[]> {
  const seqs = new Map<number, number>()
  for (let after = from; after < upto; after += slice) {
    const rows = await database.all<{ run: number; seq: number }>(
      'select run, max(seq) as seq from events where id > ? and id <= ? group by run',
      [after, Math.min(upto, after + slice)],
    )
    for (const { run, seq } of rows) seqs.set(run, Math.max(seq, seqs.get(run) ?? 0))
  }
  const rows = await database.bulk<{ no: number; id: string; seq: number; hash: string }>(
    findLeaves,
    [...seqs].map(([run, seq]) => [run, seq]),
  )
  return rows
    .map(({ no, id, seq, hash }): Leaf => [no, id, seq, hash])
    .sort((left, right) => left[0] - right[0])
}

const findLeaves: Bulk = {
  columns: { run: 'int', seq: 'int' },
  sql: `select runs.no, runs.id, events.seq, events.hash from runs join events on events.run = runs.no {also}
    where runs.no = :run and events.run = :run and events.seq = :seq`,
}

/** Those that a head since then has not listed already. */
async function withoutListed(database: Database, from: number, leaves: Leaf[]): Promise<Leaf[]> {
  const rows = await database.all<{ body: string | null }>('select body from audit_heads where upto > ?', [
    from,
  ])
  const listed = new Set<string>()
  for (const { body } of rows) for (const [, , , hash] of JSON.parse(body ?? '[]') as Leaf[]) listed.add(hash)
  return leaves.filter(([, , , hash]) => !listed.has(hash))
}

const nextNo = `insert into counters (name, value) values ('audit-head', 1)
  on conflict (name) do update set value = counters.value + 1 returning value`

async function writeHead(
  database: Database,
  keys: AuditKeys,
  last: HeadRow | undefined,
  { leaves, upto, now }: { leaves: Leaf[]; upto: number; now: number },
): Promise<HeadRow | undefined | 'overtaken'> {
  const body = JSON.stringify(leaves)
  return database.transaction(async (session) => {
    const act = await session.get<{ seq: number; hash: string }>(
      'select seq, hash from authority_log order by seq desc limit 1',
    )
    const isNews = leaves.length > 0 || (act?.seq ?? 0) > (last?.acts ?? 0)
    if (!isNews) return undefined
    const { value: no } = (await session.get<{ value: number }>(nextNo))!
    if (no !== (last?.no ?? 0) + 1) {
      await session.run(`update counters set value = ? where name = 'audit-head'`, [no - 1])
      return 'overtaken'
    }
    const { identity } = keys.since
    const { publicKey } = keys.current
    const head: HeadRow = {
      no,
      identity,
      at: now,
      previous: last?.hash ?? headStart,
      upto,
      acts: act?.seq ?? 0,
      acts_hash: act?.hash ?? logStart,
      digest: sha256(body),
      body,
      hash: '',
      public_key: publicKey,
      signature: '',
    }
    head.hash = headHash(head)
    const said = signedText({ database: identity, no, at: isoText(now), hash: head.hash })
    head.signature = keys.current.sign(said)
    await session.run(
      `insert into audit_heads (no, identity, at, previous, upto, acts, acts_hash, digest, body, hash, public_key, signature)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        head.no,
        head.identity,
        head.at,
        head.previous,
        head.upto,
        head.acts,
        head.acts_hash,
        head.digest,
        head.body,
        head.hash,
        head.public_key,
        head.signature,
      ],
    )
    return head
  })
}
