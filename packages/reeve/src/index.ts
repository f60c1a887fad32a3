/// <reference types="node" preserve="true" />

/**
 * Workflows, tools, agents and their runtime: what a project is written with.
 *
 * A project is a folder with `reeve.config.ts` (`defineConfig`) and `workflows/` (`workflow`); its workflows act through
 * tools (`tool`) and agents (`agent`), and the command `reeve` runs it. `Runtime` runs it inside a program of your own.
 * Beside this: `reeve/patterns` (several agents at work), `reeve/tools` (ready-made tools), `reeve/mcp` (MCP servers as
 * tools) and `reeve/testing`.
 * @module
 */

export {
  type Agent,
  type AgentDefinition,
  type AgentRole,
  type AnyAgent,
  agent,
} from './agents/agent.ts'
export type { AgentEvent, AgentListener } from './agents/agent-events.ts'
export type { AgentLimits, ResolvedLimits } from './agents/agent-limits.ts'
export type { Guard, GuardVerdict } from './agents/loop/guardrails.ts'
export type { AgentOptions, TurnTrace } from './agents/loop/options.ts'
export type { Comparison, Criterion, CriterionCheck } from './autonomy/criteria/criterion.ts'
export {
  type Daemon,
  type DaemonDefinition,
  type DaemonEvent,
  daemon,
} from './autonomy/daemon/daemon.ts'
export type {
  DaemonDecision,
  DaemonNews,
  DaemonState,
  KnownDirective,
  PastDecision,
} from './autonomy/daemon/daemon-state.ts'
export type { Directive, DirectiveCall } from './autonomy/directives/directive.ts'
export {
  type Goal,
  type GoalDefinition,
  type GoalMetric,
  type GoalTarget,
  goal,
  type NamedMetric,
} from './autonomy/goals/goal.ts'
export type { GoalStanding } from './autonomy/goals/goal-standing.ts'
export type { Input } from './autonomy/inputs/input.ts'
export type { RepairConfig, RepairLevel } from './autonomy/repair/settings.ts'
export type { Script, ScriptManifest } from './autonomy/scripts/script.ts'
export type { Skill, SkillScript, SkillText } from './autonomy/skills/skill.ts'
export type { Placeholder, Template } from './autonomy/template.ts'
export { type Environment, readEnvironment } from './base/config.ts'
export { ReeveError } from './base/errors.ts'
export type { AsJson, AsKnownJson, NotJson } from './base/json/as-json.ts'
export type { Json } from './base/json/json.ts'
export type { Log } from './base/log.ts'
export type { Usd } from './base/money.ts'
export { type Mark, personal } from './base/schema/marked.ts'
export type { InputOf, OutputOf, Schema } from './base/schema/schema.ts'
export { basicAuth, type Reveal, type Secret, secret } from './base/secrets/secret-handle.ts'
export type { SecretRegistry } from './base/secrets/secrets.ts'
export {
  type Clock,
  type Duration,
  type DurationUnit,
  type Moment,
  type TimerKind,
  toMs,
} from './base/time/time.ts'
export type { GrantedWorkflow } from './context/granted-workflow.ts'
export type { MemoryContext } from './context/memory-context.ts'
export type {
  AskOptions,
  BatchedOptions,
  CachedOptions,
  EmbedOptions,
  ExtractAllOptions,
  ExtractOptions,
  GenerateAllOptions,
  GenerateOptions,
  Material,
  RecallOptions,
} from './context/options.ts'
export type { AmendMemoryOptions, ChangeMemoryOptions } from './context/recalling.ts'
export { type Context, workflow } from './context.ts'
export type { GivenTerms } from './engine/calls/approval-terms.ts'
export type { Child, ChildOptions } from './engine/calls/children.ts'
export type { AllOptions } from './engine/calls/concurrency.ts'
export {
  type EffectAttempt,
  type EffectVerdict,
  NotApplied,
} from './engine/calls/effect/definition.ts'
export type { RetryPolicy } from './engine/calls/retry.ts'
export type { StepAttempt, StepBody, StepOptions } from './engine/calls/step.ts'
export type { Deadline, WaitOptions } from './engine/calls/waits.ts'
export type { CoreContext, ResultOf, SchemaOutput } from './engine/context.ts'
export type { WantedAnswer } from './engine/deciding/answer.ts'
export type { ApprovalDecision } from './engine/deciding/decision.ts'
export type { Delegation } from './engine/deciding/delegate.ts'
export type { Remember } from './engine/deciding/remember.ts'
export type { ApprovedDecision, Decision, DecisionDetails, RefusedDecision } from './engine/decision.ts'
export type { Requirement } from './engine/declared/requirement.ts'
export type { WorkflowRetention } from './engine/declared/retention.ts'
export type { SampledReview } from './engine/declared/review.ts'
export type { RetryOptions } from './engine/outside/retry-run.ts'
export type { Overriding } from './engine/overriding/override.ts'
export type { GivenOverride } from './engine/overriding/request-override.ts'
export type { RunHandle, RunResult } from './engine/results.ts'
export type { StartOptions } from './engine/starting/prepared-start.ts'
export type { ScheduleDefinition } from './engine/starting/schedule-times.ts'
export type { Trigger, TriggerKind } from './engine/starting/trigger.ts'
export type {
  JsonResult,
  ResultFor,
  Workflow,
  WorkflowDefinition,
  WorkflowLimits,
} from './engine/workflow.ts'
export type { Constraint } from './governance/grants/constraints.ts'
export type { EffectBudget } from './governance/grants/effect-budgets.ts'
export type { Grant, PreparedGrant } from './governance/grants/grant.ts'
export type { PolicyAnswer } from './governance/policies/judge-policies.ts'
export { type PolicyCall, type ProjectPolicy, policy } from './governance/policies/policy.ts'
export type { PolicyFile } from './governance/policies/policy-bench.ts'
export type {
  PolicyDifference,
  PolicyExample,
  PolicyReport,
} from './governance/policy-test/policy-report.ts'
export type { Reason, Verdict } from './governance/reasons.ts'
export type { ApprovalView, RecordedDecision } from './inspect/approvals/approval-view.ts'
export type { EventTone } from './inspect/events/describe-event.ts'
export type { BriefError } from './inspect/events/event-payload.ts'
export type { EventPage, EventPageOptions, EventView } from './inspect/events/event-view.ts'
export type { RunListOptions, RunPage } from './inspect/lists/run-list.ts'
export type { RunSummary, RunView } from './inspect/run/run-view.ts'
export type { StandingState, WaitsFor } from './inspect/run-standing.ts'
export type { IngestReport, KnowledgeProblem } from './memory/ingest/one-ingest.ts'
export type { RememberOptions } from './memory/memory.ts'
export type { MemoryRetention } from './memory/retention.ts'
export type { ScopeRule } from './memory/scope-rules.ts'
export type { CacheOptions } from './models/asking/answer-cache.ts'
export type { BudgetPlan } from './models/asking/budget.ts'
export type { Price, PriceTable } from './models/asking/price.ts'
export type { TextEvent, TextListener, TextNews, TextOrigin } from './models/asking/text-stream.ts'
export type { BatchOptions } from './models/batches/batch-questions.ts'
export {
  type Classification,
  type Classifier,
  type Example,
  type Guess,
  type TrainingOptions,
  trainClassifier,
} from './models/local/classify/classify.ts'
export {
  type LearnerOptions,
  type LearningClassifier,
  learningClassifier,
} from './models/local/classify/learner.ts'
export { type ComposerOptions, localComposer } from './models/local/compose/composer.ts'
export { type Criteria, type CriticOptions, localCritic } from './models/local/compose/critic.ts'
export {
  byClassifier,
  byPattern,
  byRule,
  type ExtractorOptions,
  type FieldRule,
  type FieldValue,
  localExtractor,
} from './models/local/compose/extractor.ts'
export type { EmbedderSolver, Embeddings } from './models/providers/embedding.ts'
export { type HostedOptions, type HostedSolver, hostedSolver } from './models/providers/hosted.ts'
export { type HostedEmbedderOptions, hostedEmbedder } from './models/providers/hosted-embedder.ts'
export { type LocalOnnxOptions, localOnnx } from './models/providers/local-onnx.ts'
export type {
  EmbeddingModelObject,
  LanguageModelObject,
  ProviderKeys,
} from './models/providers/model-object.ts'
export type { RouteDefinition } from './models/route/route.ts'
export type {
  Answer,
  BatchItem,
  BatchOrder,
  BatchService,
  BatchStatus,
  FoundBatch,
  Message,
  Passage,
  Question,
  SolveOptions,
  Solver,
  ToolCall,
  ToolOffer,
  Usage,
} from './models/solver.ts'
export {
  defineConfig,
  type LearningConfig,
  type McpConfig,
  type ProjectConfig,
  type QueueConfig,
  type RetentionConfig,
  type RouteConfig,
  type Service,
} from './project/config.ts'
export { findProject, loadProject, type Project, projectOf } from './project/load.ts'
export type { ProjectPruned } from './project/prune.ts'
export type { UnusableSolver } from './project/routes.ts'
export type { PolicyTestOptions } from './runtime/judging/policy-testing.ts'
export { type PendingApproval, type RunRest, Runtime, type RuntimeOptions } from './runtime/runtime.ts'
export type {
  ActedBy,
  AnswerOptions,
  DecidedApproval,
  ForkOptions,
  RunSteering,
} from './runtime/steering.ts'
export type { UndoOptions, UndoScope } from './runtime/undoing.ts'
export type {
  ActsWith,
  AllowedVerdict,
  ArgumentPlace,
  Deciders,
  OnTimeout,
  QuietHours,
} from './store/approvals/approval-terms.ts'
export type { ApprovalKind, ApprovalStatus } from './store/approvals/approvals.ts'
export type { ApprovalRules } from './store/approvals/rules.ts'
export type { Proof } from './store/authority/acts.ts'
export type { Channel } from './store/journal/events.ts'
export type { DecisionResult } from './store/journal/vocabulary/autonomy-events.ts'
export type { EffectClass, PlainEffectClass } from './store/journal/vocabulary/effect-class.ts'
export type { PrunableChapters, PrunedChapters } from './store/keeping/chapters.ts'
export type { Prunable, Pruned } from './store/keeping/retention.ts'
export type { ItemKind } from './store/memory/items.ts'
export type { RunFilter } from './store/runs/run-lists.ts'
export type { RunStatus } from './store/runs/runs.ts'
export type { ToolAxes } from './tools/axes.ts'
export type { CallInput, CallOutput, CallReport, CallReportOf } from './tools/call.ts'
export type { ResolvedRate, ToolRate } from './tools/call-rate.ts'
export type { OncePer, OncePerValue, ResolvedOncePer } from './tools/once-per.ts'
export { type ApprovalTermsOfTool, type Risk, type Tool, type ToolDefinition, tool } from './tools/tool.ts'
export type { DoneEffect, Journaled, ResolvedUndo, ToolUndo } from './tools/undo/tool-undo.ts'
export type { UndoPlan, UndoState, UndoStep } from './tools/undo/undo-plan.ts'
export type { UndoReport } from './tools/undo/undo-workflow.ts'
export { type EventOptions, event, type RunEvent, type RunEventType } from './triggers/event.ts'
export { type FilesOptions, type FolderOptions, type FoundFile, files } from './triggers/files.ts'
export type { Bounce } from './triggers/letters/bounce.ts'
export type { Letter, Mailbox } from './triggers/letters/letter.ts'
export { type MailOptions, mail } from './triggers/mail.ts'
export type { BodyOf } from './triggers/mapping.ts'
export { type ScheduleOptions, schedule } from './triggers/schedule.ts'
export type { HmacSignature } from './triggers/signatures/own-hmac.ts'
export type { WebhookSignature } from './triggers/signatures/schemes.ts'
export type { SignatureKind } from './triggers/signatures/signature.ts'
export { type HookOptions, type WebhookDelivery, type WebhookOptions, webhook } from './triggers/webhook.ts'
