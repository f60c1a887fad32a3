import type { DaemonLoops } from '../autonomy/daemon/daemon-loops.ts'
import type { DirectiveWriting } from '../autonomy/directives/versions/write-directive.ts'
import type { Goal } from '../autonomy/goals/goal.ts'
import type { LiveLessons } from '../autonomy/lessons/live-lessons.ts'
import type { Proposals } from '../autonomy/proposals.ts'
import type { RepairKeeper } from '../autonomy/repair/keeper.ts'
import type { Repairs } from '../autonomy/repair/repairs.ts'
import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import type { ApprovalLoops } from '../connectors/asking/approval-loops.ts'
import type { PressDoor } from '../connectors/asking/approval-presses.ts'
import type { Connections } from '../connectors/host/connections.ts'
import type { PollLoops } from '../connectors/polling/poll-loops.ts'
import type { ContextServices } from '../context.ts'
import type { Engine } from '../engine/engine.ts'
import type { SeenCeilings } from '../governance/history/ceilings.ts'
import type { LiveAuthority } from '../governance/live-authority.ts'
import type { PolicyBench } from '../governance/policies/policy-bench.ts'
import type { ReadinessWatch } from '../governance/readiness/readiness-watch.ts'
import type { Knowledge } from '../memory/knowledge.ts'
import type { Memory } from '../memory/memory.ts'
import type { AbandonedBatches } from '../models/batches/abandoned-batches.ts'
import type { BreakerRecord } from '../models/route/breaker-record.ts'
import type { RouteDefinition } from '../models/route/route.ts'
import type { ProjectKnowledge } from '../project/knowledge.ts'
import type { UnusableSolver } from '../project/routes.ts'
import type { ProjectServices } from '../project/services.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../store/secrets/vault.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { DocumentProcess } from '../tools/documents/read-document.ts'
import type { McpServer } from '../tools/mcp/outside-server.ts'
import type { Tool } from '../tools/tool.ts'
import type { FindTool } from '../tools/undo/undo-plan.ts'
import type { LetterReader } from '../triggers/letters/read-letter.ts'
import type { NamedTrigger } from '../triggers/named-triggers.ts'
import type { TriggerLoops } from '../triggers/watching/trigger-loops.ts'
import type { LiveLearners } from './learning/live-learners.ts'
import type { AuditSigning } from './upkeep/audit-signing.ts'
import type { Pruning } from './upkeep/pruning.ts'

/** What a runtime is composed of, for our own packages: see `internalsOf`. */
export interface RuntimeInternals {
  database: Database
  engine: Engine
  clock: Clock
  log: Log
  knowledge: Knowledge
  memory: Memory
  routes: ReadonlyMap<string, RouteDefinition>
  unusable: readonly UnusableSolver[]
  /** What the database says of those who act. Whoever changes that in this process renews it. */
  authority: LiveAuthority
  policies: PolicyBench
  /** The secrets, opened. */
  vault: Vault
  /** Which tools and triggers use which secrets, by the secret's name. */
  secretUses: ReadonlyMap<string, readonly string[]>
  findTool: FindTool
  /** The tools of the project and of its MCP servers. */
  allTools: () => readonly Tool[]
  /** The triggers of the project, by name. */
  triggers: ReadonlyMap<string, NamedTrigger>
  letters: LetterReader
  /** What contexts of runs are made with. */
  lent: ContextServices
  documents: DocumentProcess
  /** The standing goals of the project, as its code has them. */
  goals: readonly Goal[]
  /** Decides what machines propose. */
  proposals: Proposals
  /** What was learnt and is in force. */
  lessons: LiveLessons
  /** The classifiers that learn. */
  learners: LiveLearners
  /** The one way to write a directive's file: see `writeDirective`. */
  directiveWriting: DirectiveWriting
  repairs: Repairs
  connections: Connections
  /** MCP servers of the project, whether they were needed yet or not. */
  mcpServers: readonly McpServer[]
  pollLoops: PollLoops
  approvalLoops: ApprovalLoops
  /** By which people decide where they talk. */
  pressDoors: readonly PressDoor[]
}

/** What starts with a runtime and ends with it. */
export interface RuntimeParts extends RuntimeInternals {
  repairKeeper: RepairKeeper
  projectKnowledge: ProjectKnowledge
  services: ProjectServices
  breakerRecord: BreakerRecord
  abandonedBatches: AbandonedBatches
  ceilings: SeenCeilings
  readiness: ReadinessWatch
  pruning: Pruning
  triggerLoops: TriggerLoops
  daemonLoops: DaemonLoops
  auditSigning: AuditSigning
  /** Absent: no collector is named. */
  telemetry: Telemetry | undefined
}
