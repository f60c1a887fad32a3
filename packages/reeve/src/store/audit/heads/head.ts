import { sha256 } from '../../../base/hash.ts'
import { isoText } from '../../../base/time/time.ts'
import { isSigned } from '../key/audit-key.ts'

/** One signed head: it vouches for all journals and all acts up to it, and for every head before it. */
export interface HeadRow {
  no: number
  /** The database's own name then: a copy that was restored has another from there on. */
  identity: string
  at: number
  /** The hash of the head before. */
  previous: string
  /** Events up to this id were looked at. */
  upto: number
  /** The last act of the log of authority, and its hash. */
  acts: number
  acts_hash: string
  digest: string
  /** JSON text of `Leaf[]`. */
  body: string | null
  hash: string
  public_key: string
  signature: string
}

/** A run as it was: its number, its id, and its last event with its hash. */
export type Leaf = [no: number, id: string, seq: number, hash: string]

/** What stands before the first head. */
export const headStart = 'heads'

export function headHash({
  no,
  identity,
  at,
  previous,
  upto,
  acts,
  acts_hash,
  digest,
}: Omit<HeadRow, 'hash' | 'body' | 'signature' | 'public_key'>): string {
  return sha256(JSON.stringify([identity, no, at, previous, upto, acts, acts_hash, digest]))
}

/** A head as it is kept outside of the database: small, and checked with what it says itself. */
export interface KeptHead {
  format: typeof headFormat
  /** The database's own name. */
  database: string
  no: number
  at: string
  hash: string
  publicKey: string
  signature: string
}

export const headFormat = 'reeve-audit-head/1'

/** What is signed of a head. */
export function signedText({
  database,
  no,
  at,
  hash,
}: Pick<KeptHead, 'database' | 'no' | 'at' | 'hash'>): string {
  return JSON.stringify([headFormat, database, no, at, hash])
}

export function keptHead(row: HeadRow): KeptHead {
  return {
    format: headFormat,
    database: row.identity,
    no: row.no,
    at: isoText(row.at),
    hash: row.hash,
    publicKey: row.public_key,
    signature: row.signature,
  }
}

export function isSignedHead(head: KeptHead): boolean {
  return isSigned(signedText(head), head.signature, head.publicKey)
}
