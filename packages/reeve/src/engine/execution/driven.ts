import type { Json } from '../../base/json/json.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { InboxItem } from '../../store/runs/inbox.ts'
import type { Effect } from '../calls/effect/definition.ts'
import { isOverride } from '../overriding/override.ts'
import type { Call } from '../replay/call.ts'
import type { History } from '../replay/history.ts'
import type { EngineServices } from '../services.ts'
import type { Workflow } from '../workflow.ts'
import type { Claim, Ending } from './claim.ts'

/** Who drives runs, and hears what becomes of one. */
export interface RunDriver {
  /** It is no longer driven here: it ended, waits, was given back, or its claim is lost. */
  left(claim: Claim, workflow: string, ending: Ending): void
  /** The database would not take what it wrote: nothing of that commit is there, and nothing drives the run any more. */
  refused(claim: Claim, error: unknown): void
}

/**
 * Whoever tries an ended run with other code. What its journal answers is told to the code as on replay; of the rest nothing
 * acts unless it may.
 */
export interface Trial {
  /** An effect, answered by the journal or not, with the arguments that it would be intended with. */
  effect(call: Call, definition: Effect, args: Json): void
  /** Of a call that the journal does not answer. */
  mayAct(call: Call): boolean
  /** There is nothing to tell the code, and it has come to rest. */
  quiet(): void
}

/** Whether its code is to be told something before it acts: what it did before, or what a person said of its calls. */
export function isBehind({ history, items }: Driven): boolean {
  return history !== undefined && (history.settlements.length > 0 || items.some(isOverride))
}

/** What an execution is made for. */
export interface Driven {
  claim: Claim
  workflow: Workflow
  services: EngineServices
  /** Of a run that was started before. */
  history: History | undefined
  /** What its inbox has. */
  items: InboxItem[]
  /** The texts that its schemas mark. */
  marks: RunMarks
  driver: RunDriver
  trial?: Trial
}
