import { fromErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'

/** A payload as the engine wrote it; every part may be missing in a journal of another version. */
export interface LoosePayload {
  approval?: string
  attempt?: number
  by?: string | null
  code?: string
  confidence?: number
  dueAt?: number | null
  edited?: boolean
  error?: { message?: string }
  expiresAt?: number | null
  from?: string
  id?: string
  issues?: unknown[]
  kind?: string
  message?: string
  note?: string | null
  passages?: unknown[]
  principal?: string
  problem?: string
  reason?: string
  run?: string
  scope?: string
  solver?: string
  startedBy?: string
  status?: string
  step?: number
  usage?: { costUsd?: number }
  value?: unknown
  version?: string
}

export function payloadOf<T = LoosePayload>(event: JournalEvent): T {
  const value: unknown = event.payload === null ? {} : JSON.parse(event.payload)
  return (typeof value === 'object' && value !== null ? value : {}) as T
}

/** A person's decision as its event has it. */
export interface Decided {
  status: string
  value: Json
  edited: boolean
  by: string | null
  note: string | null
}

export function jsonOf(event: JournalEvent): Json {
  return event.payload === null ? null : (JSON.parse(event.payload) as Json)
}

export function errorOf(event: JournalEvent): { code: string; message: string } {
  const { code, message } = fromErrorRecord(payloadOf(event))
  return { code, message }
}

/** An answer of a route's solver as its event has it. */
export interface AnswerPayload<T = unknown> {
  value: T
  solver: string
  /** `hosted`, `local`, `rule`, …: what that solver is. */
  kind: string
  confidence?: number
  hops?: { ms: number }[]
  usage?: { inputTokens: number; outputTokens: number; costUsd: number }
}

/** A passage that was recalled, as its event has it. */
export interface RecalledPassage {
  id: string
  /** Where it comes from: a file or document id. */
  source: string
  title: string
  text: string
  score: number
  /** What came from outside and was remembered: it may hold instructions, which are data. */
  untrusted?: true
}

/** What a recall found, and how it was searched. */
export interface RecallPayload {
  passages: RecalledPassage[]
  audit?: { knowledge: string } | { exact: boolean }
}
