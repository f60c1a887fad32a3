import type { Json } from '../../base/json/json.ts'
import type { ApprovalDecision } from '../../engine/deciding/decision.ts'
import type { CheckedEdit } from '../../engine/deciding/edit.ts'
import type { RepeatedEffect } from '../../engine/outside/fork-plan.ts'
import type { GivenOverride } from '../../engine/overriding/request-override.ts'
import type { StartOptions } from '../../engine/starting/prepared-start.ts'
import type { ApprovalContext } from '../../inspect/approvals/approval-context.ts'
import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import type { SecretView } from '../../inspect/authority/secret-list.ts'
import type { CostView } from '../../inspect/costs/costs.ts'
import type { EventWords } from '../../inspect/events/describe-event.ts'
import type { Today } from '../../inspect/health/today.ts'
import type { AsideView } from '../../inspect/lists/people-inbox.ts'
import type { RunSummary, RunView } from '../../inspect/run/run-view.ts'
import type { RunStory } from '../../inspect/run/story/run-story.ts'
import type { QueryResult } from '../../server/sql/run-query.ts'
import type { Role } from '../../store/identity/principals.ts'
import type { RunStatus } from '../../store/runs/runs.ts'
import type { CostGroup } from '../../store/spending/costs.ts'
import type { UndoPlan } from '../../tools/undo/undo-plan.ts'
import type { TriggerView } from '../../triggers/trigger-view.ts'
import type { Autonomy } from '../autonomy/autonomy-backend.ts'
import type { ConnectorsBackend } from '../connect/connectors-backend.ts'
import type { ProposalsBackend } from '../decide/proposals-backend.ts'
import type { MemoryBackend } from '../know/memory-backend.ts'
import type { LearningBackend } from '../learn/learning-backend.ts'
import type { LogsBackend } from '../look/logs-backend.ts'
import type { Principals } from '../people/principals-backend.ts'
import type { RightsBackend } from '../people/rights-backend.ts'
import type { Workspace } from '../terminal/workspace.ts'
import type { ModelsView } from './models-view.ts'

/**
 * What commands ask of the backend: of a project's own database, or of a server (`--server`). Both answer in the same shapes,
 * so that no command knows which one it talks to. Each question fails as its implementation does, with a stable code.
 */
export interface Backend extends Looks, Decides, Steers, People, Principals {
  autonomy: Autonomy
  proposals: ProposalsBackend
  learning: LearningBackend
  connectors: ConnectorsBackend
  rights: RightsBackend
  memory: MemoryBackend
  logs: LogsBackend
  /** `isTest`: asks each solver once. */
  models(isTest: boolean): Promise<ModelsView>
  triggers(): Promise<TriggerView[]>
  /** The database or the server, for people. */
  place: string
  /** Only of a project's own database: what a command needs that goes on with a run right here. */
  workspace?: Workspace
  /** Only of a project's own code, loaded: the worker that drives its runs here. */
  worker?: { start(): Promise<void>; hurry(): void }
}

/** One thing that a person is or was asked. */
export interface Asked {
  runId: string
  workflow: string
  approval: ApprovalView
}

/** What waits for people, and what they should know of it. */
export interface AskedList {
  asked: Asked[]
  /** Of those that were asked for. */
  total: number
  /** What is kept back: more of one sender, or of one kind, than people are shown. */
  aside: { total: number; groups: AsideView[] }
  /** Who approved within the last hour how often without time to read. */
  hasty: { by: string; hasty: number }[]
  /** What machines propose. */
  proposals: number
}

/** An event as the journal has it. */
export interface EventLine {
  seq: number
  type: string
  call: number | null
  name: string | null
  at: string
  payload: Json
}

export interface QueueLine {
  name: string
  paused: boolean
  concurrency: number | null
  perKey: number | null
  rate: { count: number; perMs: number } | null
  queued: number
  running: number
  noWorkerHas: { workflow: string; version: string; queued: number }[]
}

export interface ScheduleLine {
  name: string
  workflow: string
  definition: Json
  paused: boolean
  /** The next time (ISO 8601); null: there is none any more, or it is paused. */
  next: string | null
  last: { nominal: string; outcome: string; reason: string | null; runId: string | null }[]
}

export interface BudgetLine {
  scope: string
  ceilingUsd: number | null
  spentUsd: number
  reservedUsd: number
}

export interface TokenLine {
  id: string
  name: string
  principal: string
  role: Role
  createdAt: string
  expiresAt: string | null
  usedAt: string | null
  revokedAt: string | null
}

export interface ForkPreview {
  from: number
  asksAgain: { call: number; name: string; by: string | null }[]
  standing: { call: number; name: string; by: string | null }[]
  repeats: RepeatedEffect[]
}

/** Which runs are listed; `since` and `until`: when they were created (ms). */
export interface RunsAsked {
  status?: RunStatus
  workflow?: string
  text?: string
  named?: string
  topLevel?: boolean
  since?: number
  until?: number
}

export interface Looks {
  runs(filter: RunsAsked, limit: number): Promise<{ runs: RunSummary[]; more: boolean }>
  run(id: string): Promise<RunView>
  /** `lack`: why no worker can drive it, though there are some. */
  story(
    id: string,
    limit: number,
  ): Promise<{ story: RunStory; left: Record<string, number>; lack?: string | undefined }>
  events(
    id: string,
    range: { after: number; limit: number },
  ): Promise<{ events: EventLine[]; prunedEvents: number; more: boolean }>
  /** What waits for a person, what was asked first first; `isAside`: instead what is kept back. */
  approvals(limit: number, isAside: boolean): Promise<AskedList>
  approval(id: string): Promise<Asked>
  context(id: string): Promise<ApprovalContext>
  queues(): Promise<QueueLine[]>
  /** `limit`: the most outcomes of each; `most`: the most schedules. */
  schedules(limit: number, most: number): Promise<{ schedules: ScheduleLine[]; total: number }>
  budgets(): Promise<BudgetLine[]>
  /** `since`: a point in time (ISO 8601), null: since ever. */
  costs(asked: {
    by: CostGroup | undefined
    since: string | undefined
    limit: number
  }): Promise<{ since: string | null; groups: CostView[]; count: number; total: CostView }>
  /** How it is, what waits, queues and spend. */
  today(): Promise<Today>
  sql(query: string, limit: number): Promise<QueryResult>
  /** Those that drive runs now. */
  workers(): Promise<{ host: string; pid: number }[]>
  /**
   * Tells a run's events after `afterSeq` until it and the runs above it have come to rest; `leaves`: also when they only
   * wait for more than a minute. Answers how it stands then; undefined when `signal` ended the following.
   */
  follow(
    id: string,
    options: {
      afterSeq: number
      leaves: boolean
      onEvent: (event: FollowedLine) => void
      signal: AbortSignal
    },
  ): Promise<RunView | undefined>
}

export type FollowedLine = EventWords & { type: string; name: string | null; at: number }

export interface Decides {
  decide(
    id: string,
    decision: Omit<ApprovalDecision, 'by'>,
  ): Promise<{ status: string; subject: string; runId: string; by: string }>
  previewEdit(
    id: string,
    edit: Json,
    options: { replaces: boolean },
  ): Promise<Pick<CheckedEdit, 'changes' | 'isJudged'>>
  /** Asks somebody else to decide in the place of whoever acts. */
  delegate(id: string, to: string, note: string | undefined): Promise<{ subject: string; by: string }>
  /** What is wrong with an answer, as far as its schema is known. */
  answerProblem(asked: Asked, answer: Json): Promise<string | undefined>
}

export interface Steers {
  start(
    workflow: string,
    input: Json,
    options: Pick<StartOptions, 'idempotencyKey' | 'ifKeyExists'>,
  ): Promise<{ id: string; isNew: boolean }>
  /** `awaited`: the signals that the run waited for when this one came. */
  signal(
    run: string,
    name: string,
    payload: Json,
    id: string | undefined,
  ): Promise<{ isNew: boolean; awaited: string[] }>
  override(run: string, call: number, given: GivenOverride): Promise<void>
  cancel(run: string): Promise<RunStatus>
  pause(run: string): Promise<void>
  resume(run: string): Promise<void>
  retry(run: string, options: { children?: boolean }): Promise<void>
  previewFork(run: string, from: number): Promise<ForkPreview>
  fork(run: string, from: number, options: { repeatEffects: boolean }): Promise<string>
  planUndo(run: string, from: number): Promise<Omit<UndoPlan, 'runId'>>
  /** Starts the run that undoes what the plan with that hash shows. */
  undo(run: string, from: number, plan: string): Promise<string>
  pauseQueue(queue: string, paused: boolean): Promise<void>
  /** @throws `unknown-schedule` */
  pauseSchedule(schedule: string, paused: boolean): Promise<void>
}

export interface Secrets {
  /** What is kept sealed; never a value. */
  secrets(): Promise<SecretView[]>
  /** `mustExist`: only in the place of another value. */
  setSecret(name: string, value: string, mustExist: boolean): Promise<Pick<SecretView, 'version' | 'usedBy'>>
  deleteSecret(name: string): Promise<void>
}

export interface People extends Secrets {
  /** `proof`: how they showed who they are; `localUser`: as which user of this machine, where that was it. */
  whoami(): Promise<{ principal: string; role: Role; proof: string; localUser: string | null }>
  tokens(limit: number): Promise<{ tokens: TokenLine[]; more: boolean }>
  /** `secret`: told this once. */
  createToken(token: {
    name: string
    principal: string | undefined
    role: Role | undefined
    expiresIn: string | undefined
  }): Promise<{ id: string; principal: string; role: Role; secret: string }>
  /** Answers its name. */
  revokeToken(id: string): Promise<string>
  /** What is opened at the server to sign in once. */
  signInPath(principal: string | undefined): Promise<string>
}
