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

export interface RunPage {
  items: RunItem[]
  next: string | null
  searchedTo: string | null
}

export interface EventPage {
  events: EventItem[]
  /** There are later ones. */
  more: boolean
}

export interface RunWhole extends RunItem {
  parent: string | null
  events: number | null
  chapter: number
  standing: { state: 'moving' | 'waiting' | 'stuck' | 'ended'; at: string; waitsFor: WaitsFor | null }
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

/** Where a value that is decided on stood before; found by comparing, no proof of where it went. */
export interface Origin {
  from: 'given' | 'model' | 'person' | 'outside' | 'knowledge' | 'code'
  call: number | null
  name: string
  by: string | null
  how: 'same' | 'part'
}

export interface ApprovalWhole extends ApprovalItem {
  runNow: RunItem
  fields: { path: (string | number)[]; value: unknown; origins: Origin[] }[]
  passages: { title?: string; source?: string; text?: string; score?: number }[]
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
  ready: number
  readySince: string | null
  inLine: number
  running: number
  limits: {
    concurrency: number | null
    keyConcurrency: number | null
    rate: { count: number; perMs: number } | null
  }
  lacking: { workflow: string; version: string; ready: number }[]
}

export interface Schedule {
  name: string
  workflow: string
  paused: boolean
  nextAt: string | null
  last: {
    nominalAt: string
    outcome: 'started' | 'skipped'
    reason: string | null
    run: string | null
  } | null
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

/** One thing that waits for a person. */
export interface WaitingItem {
  kind: ApprovalItem['kind'] | 'stuck'
  since: string
  run: string
  workflow: string
  subject: string
  /** Equal for things that may be decided together. */
  alike: string
  approval: ApprovalItem | null
}

interface Spend {
  spentUsd: number
  reservedUsd: number
  ceilingUsd: number | null
  forecastUsd: number | null
  endsAt: string
}

interface SuccessRate {
  rate: number | null
  succeeded: number
  failed: number
  cancelled: number
  since: string
}

export interface Today {
  at: string
  health: {
    state: 'well' | 'attention' | 'trouble' | 'paused'
    sentence: string
    remark: string
    problems: { what: string; state: 'attention' | 'trouble'; count: number; words: string }[]
  }
  waiting: { counts: Record<string, number> & { total: number; isMore: boolean }; oldest: WaitingItem[] }
  runs: { queued: number; running: number; waiting: number }
  queues: { name: string; paused: boolean; ready: number; readySince: string | null; running: number }[]
  workers: number
  spend: { today: Spend; month: Spend }
  success: { now: SuccessRate; before: SuccessRate; change: number | null; correctionRate: number | null }
  failures: {
    groups: {
      reason: string
      count: number
      workflows: string[]
      runs: string[]
      firstAt: string
      lastAt: string
    }[]
    count: number
    isMore: boolean
  }
  silent: {
    run: string
    workflow: string
    since: string
    state: 'suspicious' | 'alarming'
    reason: string | null
  }[]
  schedules: { name: string; workflow: string; nextAt: string | null }[]
}
