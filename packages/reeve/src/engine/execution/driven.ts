import type { InboxItem } from '../../store/runs/inbox.ts'
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

/** What an execution is made for. */
export interface Driven {
  claim: Claim
  workflow: Workflow
  services: EngineServices
  /** Of a run that was started before. */
  history: History | undefined
  /** What its inbox has. */
  items: InboxItem[]
  driver: RunDriver
}
