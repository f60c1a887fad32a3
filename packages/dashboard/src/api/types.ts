/** What the API answers, as far as pages show it. Times are ISO 8601 in UTC; texts may be foreign and are shown as text. */

export interface PageOf<T> {
  items: T[]
  next: string | null
}

export type Role = 'viewer' | 'approver' | 'operator' | 'owner'

export interface Session {
  principal: string
  kind: string
  role: Role
  via: 'session' | 'token'
  csrfToken: string | null
}

export type RunStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'stuck'

export interface RunItem {
  id: string
  workflow: string
  version: string
  status: RunStatus
  paused: boolean
  reason: string | null
  queue: string
  principal: string
  createdAt: string
  endedAt: string | null
  costUsd: number
}

export interface WaitsFor {
  for: string
  words: string
}

export interface RunWhole extends RunItem {
  parent: string | null
  events: number | null
  chapter: number
  standing: { state: 'moving' | 'waiting' | 'stuck' | 'ended'; at: string; waitsFor: WaitsFor | null }
  input?: unknown
  output?: unknown
  error?: { code: string; message: string }
  asks: ApprovalItem[]
}

export interface EventItem {
  seq: number
  at: string
  type: string
  call: number | null
  name: string | null
  tone: string
  words: string
  payload: unknown
  isCut: boolean
  size: number
}

export type Allowed = 'approve' | 'edit' | 'reject' | 'answer'

export interface ApprovalItem {
  id: string
  kind: 'approval' | 'question' | 'outcome'
  subject: string
  status: string
  run: string
  workflow: string
  call: number
  shown: unknown
  hash: string
  requestedAt: string
  expiresAt: string | null
  problem: string | null
  notice: string | null
  agent: string | null
  allowed: Allowed[]
  edit: { value: unknown; schema: unknown } | null
  wanted: { words: string; schema: unknown } | null
  warnings: string[]
  decided: { at: string | null; by: string | null; note: string | null; answer: unknown } | null
}

export interface ApprovalWhole extends ApprovalItem {
  context: {
    inputs: { run: string; workflow: string; input: unknown }[]
    reviews: { name: string; solver: string; score: number; problems: unknown }[]
    notes: string[]
    forkedFrom: string | null
  }
}

export interface Queue {
  name: string
  paused: boolean
  concurrency: number | null
  perKey: number | null
  rate: { count: number; perMs: number } | null
  running: number
  ready: number
  more: boolean
  oldestAt: string | null
}

export interface Schedule {
  name: string
  workflow: string
  definition: unknown
  paused: boolean
  nextAt: string | null
  last: { at: string; outcome: 'started' | 'skipped'; reason: string | null; run: string | null }[]
}

export interface Worker {
  id: string
  host: string
  pid: number
  startedAt: string
  heartbeatAt: string
  drives: string[]
  isHere: boolean
}

export interface Budget {
  scope: string
  ceilingUsd: number | null
  spentUsd: number
  reservedUsd: number
}

export interface CostGroup {
  name: string | null
  calls: number
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  costUsd: number
  unknownUsd: number
  runs: number
  succeeded: number
}

export interface WorkflowItem {
  name: string
  version: string
  queue: string
  limits: { steps: number | null; timeMs: number | null; costUsd: number | null }
  input: unknown
  output: unknown
}
