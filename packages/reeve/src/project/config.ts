import type { AnyAgent } from '../agents/agent.ts'
import type { Daemon } from '../autonomy/daemon/daemon.ts'
import type { Goal } from '../autonomy/goals/goal.ts'
import type { RepairConfig } from '../autonomy/repair/settings.ts'
import type { Usd } from '../base/money.ts'
import type { Duration } from '../base/time/time.ts'
import type { Connection } from '../connectors/shape/connection.ts'
import type { ScheduleDefinition } from '../engine/starting/schedule-times.ts'
import type { MemoryRetention } from '../memory/retention.ts'
import type { ScopeRule } from '../memory/scope-rules.ts'
import type { BudgetPlan } from '../models/asking/budget.ts'
import type { PriceTable } from '../models/asking/price.ts'
import type { RouteDefinition } from '../models/route/route.ts'
import type { Solver } from '../models/solver.ts'
import type { ApprovalRules } from '../store/approvals/rules.ts'
import type { McpServerDefinition } from '../tools/mcp/definition/server-definition.ts'
import type { Tool } from '../tools/tool.ts'

/** A route as a project writes it: solvers, or the names of hosted models, the cheapest first. */
export type RouteConfig = Omit<RouteDefinition, 'solvers'> & { solvers: (Solver | string)[] }

/** How many runs a queue lets go at once. */
export interface QueueConfig {
  /** Runs at once, over all workers. */
  concurrency?: number
  /** Runs at once with the same key. */
  perKey?: number
  /** New runs per time. */
  rate?: { count: number; per: Duration }
}

/** Ages from which a worker deletes things, at its start and every hour. */
export interface RetentionConfig {
  /** Runs that succeeded, with their journals, from their end on. Default: for ever. */
  succeeded?: Duration
  /** Runs that failed. Default: for ever. */
  failed?: Duration
  /** Runs that were cancelled. Default: for ever. */
  cancelled?: Duration
  /**
   * Chapters of runs that went on with `ctx.continueAs`, from their end on, with what was taken from the inbox and decided in
   * them; the chapter that a run is in stays. Default: as `succeeded`.
   */
  chapters?: Duration
  /**
   * Single calls of models whose run was deleted. Older ones are added up by day, workflow, agent and model, so that what
   * was spent stays known. Default `90d`.
   */
  ledger?: Duration
  /** What became of the times of schedules; the last 100 of each schedule stay. Default `30d`. */
  occurrences?: Duration
  /**
   * Texts that schemas mark as personal, from the end of their run on: the run stays, with references in their place, and can be
   * neither retried nor forked from then on. Default: as long as the run.
   */
  personal?: Duration
  /** The same of those that schemas mark as secret. */
  secret?: Duration
  /**
   * What came to triggers: a repeat is recognised for so long, and a file that lies in its folder for longer starts a run again.
   * Default `30d`.
   */
  deliveries?: Duration
}

/** What each key of `retention` keeps. */
export const retentionWords: Readonly<Record<keyof RetentionConfig, string>> = {
  succeeded: 'Runs that succeeded',
  failed: 'Runs that failed',
  cancelled: 'Runs that were cancelled',
  chapters: 'Earlier chapters of runs that went on with `ctx.continueAs`',
  ledger: 'Single calls of models of deleted runs; their sums stay',
  occurrences: 'What became of the times of schedules',
  personal: 'Texts that schemas mark as personal',
  secret: 'Texts that schemas mark as secret',
  deliveries: 'What came to triggers',
}

/** Something of the project's own that must be up while runs are driven, such as a local server. */
export interface Service {
  close(): Promise<void>
}

/** An MCP server: its command or URL, what of it may be used, limits. Its tools are those that `reeve mcp pin` pinned. */
export type McpConfig = McpServerDefinition extends infer Each
  ? Each extends McpServerDefinition
    ? Omit<Each, 'name'>
    : never
  : never

/** What Reeve learns from what happened, and what may come of it without a person. */
export interface LearningConfig {
  /** When it looks, as cron. Default `0 3 * * *`. */
  at?: string
  /** The time zone of that (IANA). Default UTC. */
  zone?: string
  /** How far back it looks. Default `30d`. */
  since?: Duration
  /**
   * `adopt`: a lesson that was clearly better on runs that it was not found in counts at once; what is unclear waits for a person.
   * `propose`: each waits. Default `adopt`.
   */
  lessons?: 'adopt' | 'propose'
  /** The same of classifiers that were trained anew. Default `adopt`. */
  training?: 'adopt' | 'propose'
  /** Of 100 runs so many go without a lesson, so that it can be measured: 1 to 90. Default 20. */
  withheld?: number
  /** A route that words lessons. Default: none, and the rules' own words stand. */
  route?: string
  /** The most that trying lessons on recorded runs may cost a time. Default `$0.10`. */
  budget?: Usd
}

/** What `reeve.config.ts` exports as its default. */
export interface ProjectConfig {
  /**
   * What the project is called, wherever a copy of it runs: its database belongs to it by this name, and refuses other
   * projects. Up to 100 characters. Default: the name in its `package.json`, else its folder's.
   */
  name?: string
  /** Who answers questions, by the route's name. Default: none. */
  routes?: Record<string, RouteConfig>
  /**
   * What turns texts into vectors: solvers, or the names of hosted embedding models. The one named `default` serves memory and, unless it
   * names another, `ctx.embed`. Default: the built-in one.
   */
  embedders?: Record<string, Solver | string>
  /** Folders and files of knowledge, relative to the project. Default: `knowledge/` when it is there. */
  knowledge?: string[]
  /** Who may read which scopes of memory, with all below them: `{ scopes: { customers: { readers: ['workflow:triage'], private: true } } }`. Default: everybody all. */
  memory?: {
    scopes?: Readonly<Record<string, ScopeRule>>
    /** How long what was remembered counts: `[{ kinds: ['episode'], after: '180d' }]`. Default: without limit. */
    retention?: readonly MemoryRetention[]
  }
  /** Limits of queues, by name. Default: none; a queue needs no entry. */
  queues?: Record<string, QueueConfig>
  /** What starts runs by the clock, by the schedule's name. Default: nothing. */
  schedules?: Record<string, ScheduleDefinition>
  /** How long things are kept. Ended runs: by default for ever. */
  retention?: RetentionConfig
  /** Ceilings on what models may cost. */
  budgets?: BudgetPlan
  /** How failing scripts are repaired. Needs a route `repair`; default: a fix is proposed to a person. */
  repair?: RepairConfig
  /** How much of people's attention may be asked for, and how hastily they may give it. */
  approvals?: ApprovalRules
  /** Prices of models (per million tokens) that go before the list prices. */
  prices?: PriceTable
  /** Tools that agents and workflows may name, besides those that the files of `tools/` export. */
  tools?: readonly Tool[]
  /**
   * Agents by which `reeve policy test`, `reeve check` and the audit know what they may do, besides those that the files of
   * `agents/` and `workflows/` export. Default: none.
   */
  agents?: readonly AnyAgent[]
  /**
   * Which secrets may also come from the environment variable of their name, where none is kept sealed: all, or these. Default:
   * none. Keys of models (`OPENAI_API_KEY`) always may.
   */
  secrets?: { fromEnvironment: boolean | readonly string[] }
  /** Daemons, besides those that the files of `daemons/` export. Default: none. */
  daemons?: readonly Daemon[]
  /** Standing goals, besides those that the files of `goals/` export. Default: none. */
  goals?: readonly Goal[]
  /** Connections to services, each under its own name: `{ stripe: stripe({ mode: 'sandbox' }) }`. Their actions are tools. Default: none. */
  connectors?: Readonly<Record<string, Connection>>
  /** All connections are in sandbox, whatever they say themselves, as with `reeve start --sandbox`. Default false. */
  sandbox?: boolean
  /** Learns by the clock from failures, costs and corrections. Default: off; `reeve lessons learn` does it once. */
  learning?: LearningConfig
  /** MCP servers by name. They are started when they are first needed. */
  mcp?: Record<string, McpConfig>
  /** Started before runs are driven, closed after. */
  services?: () => Promise<Service[]>
}

/**
 * Declares a project's configuration.
 * @example
 * import { defineConfig } from 'reeve'
 *
 * export default defineConfig({
 *   routes: { triage: { solvers: ['anthropic/claude-haiku-4-5'] } },
 *   queues: { mail: { concurrency: 5, rate: { count: 60, per: '1m' } } },
 *   schedules: { report: { workflow: 'daily-report', cron: '0 8 * * *', zone: 'Europe/Berlin', input: {} } },
 *   retention: { succeeded: '30d' },
 *   budgets: { day: '$5' },
 * })
 */
export function defineConfig(config: ProjectConfig): ProjectConfig {
  return config
}
