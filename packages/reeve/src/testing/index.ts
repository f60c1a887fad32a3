/// <reference types="node" preserve="true" />

/**
 * What workflows are tested with: a run in memory, models that answer from a script, and a clock that a test moves.
 * @module
 */

export { silentLog } from '../base/log.ts'
export type { RecordedEvent, RecordedRun } from '../evals/replay/recorded-run.ts'
export type { EventType } from '../store/journal/events.ts'
export type { JournalEvent } from '../store/journal/journal.ts'
export type { ConnectorCase, ConnectorCheck, EventCase, RenewedTokens } from './connector-checks/case.ts'
export { connectorChecks } from './connector-checks/checks.ts'
export { FakeClock, settle } from './fake-clock.ts'
export type { DeathMoment, Mock } from './life/watched-bodies.ts'
export type { PostAnswer, PostOptions, SignPost } from './posting.ts'
export { type RecordedCallsOptions, recordedCalls } from './recorded-calls/recorded-calls.ts'
export { type ReplayedEnd, replayRecord } from './replay-record.ts'
export { type MemoryRun, runInMemory } from './run-in-memory.ts'
export { runningStandIn, type StandInPlace, standInOf } from './running-stand-in.ts'
export {
  type FaultRates,
  type FlakySolver,
  flakySolver,
  type ScriptedReply,
  type ScriptedSolver,
  scriptedSolver,
  toolCalls,
} from './scripted.ts'
export type { TestOptions } from './test-options.ts'
export { type CalledTool, type TestDecision, TestRun } from './test-run.ts'
export { type TestRuntime, testRuntime } from './test-runtime.ts'
