import { sha256 } from '../../../base/hash.ts'
import { isoText } from '../../../base/time/time.ts'
import { saidOf } from '../../authority/authority-log.ts'
import type { Bulk, Session } from '../../database.ts'
import type { AuditFault } from '../audit.ts'
import {
  type HeadRow,
  headHash,
  headStart,
  isSignedHead,
  type KeptHead,
  keptHead,
  type Leaf,
} from './head.ts'

export interface HeadsReport {
  heads: number
  /** The public keys that signed them, and which of them this process has, or a kept head names. */
  signedBy: { publicKey: string; isKnown: boolean }[]
  faults: AuditFault[]
}

const page = 20
const inHeads = 'none: the signed heads'

/**
 * Checks the chain of heads, their signatures, and that each run still is what every head says of it: all its events up to then
 * are there, unless retention deleted it, which is an act of its own. `kept`: heads that somebody kept elsewhere.
 */
export async function verifyHeads(session: Session, kept: readonly KeptHead[] = []): Promise<HeadsReport> {
  const { auditKeys } = session
  const known = new Set(kept.filter(isSignedHead).map(({ publicKey }) => publicKey))
  if (auditKeys !== undefined && auditKeys !== 'missing')
    for (const { publicKey } of auditKeys.all) known.add(publicKey)
  const check = new HeadCheck(session, known)
  for (;;) {
    const rows = await session.all<HeadRow>('select * from audit_heads where no > ? order by no limit ?', [
      check.last?.no ?? 0,
      page,
    ])
    for (const row of rows) await check.add(row)
    if (rows.length < page) break
  }
  await check.end()
  for (const head of kept) await check.compare(head)
  return check.report
}

class HeadCheck {
  readonly report: HeadsReport = { heads: 0, signedBy: [], faults: [] }
  readonly #session: Session
  readonly #known: ReadonlySet<string>
  #deleted: Set<number> | undefined
  #isBroken = false
  last: HeadRow | undefined

  constructor(session: Session, known: ReadonlySet<string>) {
    this.#session = session
    this.#known = known
  }

  async add(row: HeadRow): Promise<void> {
    const before = this.last
    this.last = row
    this.report.heads++
    if (this.#isBroken) return
    const no = (before?.no ?? 0) + 1
    if (row.no !== no) return this.#broken(no, `head ${no} is missing (found ${row.no})`)
    const isLinked = row.previous === (before?.hash ?? headStart) && headHash(row) === row.hash
    if (!isLinked) return this.#broken(no, `head ${no} was changed`)
    if (row.body !== null && sha256(row.body) !== row.digest)
      return this.#broken(no, `what head ${no} lists was changed`)
    // What follows under the same key vouches for those before.
    if (before && before.public_key !== row.public_key) this.#signed(before)
    await this.#compareLeaves(row)
  }

  async end(): Promise<void> {
    const { last } = this
    if (last && !this.#isBroken) this.#signed(last)
    const counted = await this.#session.get<{ value: number }>(
      `select value from counters where name = 'audit-head'`,
    )
    const to = counted?.value ?? 0
    if (to > (last?.no ?? 0)) this.#broken(to, `heads ${(last?.no ?? 0) + 1} to ${to} are missing`)
    if (!last || this.#isBroken) return
    const act = await this.#session.get<{ hash: string }>('select hash from authority_log where seq = ?', [
      last.acts,
    ])
    if (last.acts > 0 && act?.hash !== last.acts_hash)
      this.#broken(
        last.no,
        `the audit log of people and rights is not what was signed on ${isoText(last.at)}: act ${last.acts} differs`,
      )
  }

  /** A head that was kept elsewhere. */
  async compare(head: KeptHead): Promise<void> {
    const { no, at, database, hash } = head
    const fault = (problem: string) =>
      this.report.faults.push({ runId: 'none: a head that was kept', seq: no, problem })
    if (!isSignedHead(head))
      return void fault(`the kept head ${no} of ${at} is not signed by the key that it names`)
    const row = await this.#session.get<HeadRow>('select * from audit_heads where no = ?', [no])
    if (!row)
      return void fault(`head ${no} of ${at} is gone: the database is older than it, or was rewritten since`)
    if (row.identity !== database)
      return void fault(
        `the kept head ${no} of ${at} is of the database ${database}, and this one is another`,
      )
    if (row.hash !== hash) fault(`head ${no} is not what was kept of ${at}: the database was rewritten since`)
  }

  #signed(row: HeadRow): void {
    const { public_key: publicKey } = row
    const isKnown = this.#known.has(publicKey)
    if (!this.report.signedBy.some((one) => one.publicKey === publicKey))
      this.report.signedBy.push({ publicKey, isKnown })
    if (!isSignedHead(keptHead(row))) this.#broken(row.no, `head ${row.no} is not signed by its key`)
    else if (!isKnown && this.#known.size > 0)
      this.#broken(
        row.no,
        `head ${row.no} is signed by a key that is not one of this installation: ${publicKey}`,
      )
  }

  async #compareLeaves({ no, at, body }: HeadRow): Promise<void> {
    const leaves = JSON.parse(body ?? '[]') as Leaf[]
    if (leaves.length === 0) return
    const found = new Map<number, FoundRun>()
    for (const row of await this.#session.bulk<FoundRun>(
      findRuns,
      leaves.map(([run, , seq]) => [run, seq]),
    ))
      found.set(row.no, row)
    for (const [run, id, seq, hash] of leaves) {
      const row = found.get(run)
      const when = `head ${no} of ${isoText(at)}`
      const problem = row
        ? problemOf(row, { id, seq, hash }, when)
        : (await this.#wasDeleted(run))
          ? undefined
          : `it is gone; ${when} has it, and no act says that retention deleted it`
      if (problem !== undefined) this.report.faults.push({ runId: id, seq, problem })
    }
  }

  async #wasDeleted(run: number): Promise<boolean> {
    this.#deleted ??= await deletedRuns(this.#session)
    return this.#deleted.has(run)
  }

  #broken(seq: number, problem: string): void {
    this.#isBroken = true
    this.report.faults.push({ runId: inHeads, seq, problem })
  }
}

interface FoundRun {
  no: number
  id: string
  pruned_seq: number
  hash: string | null
}

const findRuns: Bulk = {
  columns: { run: 'int', seq: 'int' },
  sql: `select runs.no, runs.id, runs.pruned_seq,
      (select events.hash from events where events.run = runs.no and events.seq = :seq) as hash
    from runs {also} where runs.no = :run`,
}

function problemOf(
  row: FoundRun,
  leaf: { id: string; seq: number; hash: string },
  when: string,
): string | undefined {
  if (row.id !== leaf.id) return `number ${row.no} is the run ${row.id} now; ${when} has ${leaf.id}`
  if (row.hash === leaf.hash || row.pruned_seq >= leaf.seq) return undefined
  return row.hash === null
    ? `event ${leaf.seq} is missing; ${when} has it`
    : `event ${leaf.seq} is not the one that ${when} has: the journal was rewritten`
}

/** The numbers of runs that retention deleted, as the log of authority has it. */
async function deletedRuns(session: Session): Promise<Set<number>> {
  const deleted = new Set<number>()
  let after = 0
  for (;;) {
    const rows = await session.all<{ seq: number; payload: string | null }>(
      `select seq, payload from authority_log where seq > ? and type = 'runs-deleted' order by seq limit 500`,
      [after],
    )
    for (const row of rows) for (const no of (saidOf(row).details?.runs ?? []) as number[]) deleted.add(no)
    if (rows.length < 500) return deleted
    after = rows.at(-1)!.seq
  }
}
