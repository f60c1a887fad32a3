import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Row } from '../store/database.ts'
import type { CallKind, LineEventType, NewEvent, Origin } from '../store/journal/events.ts'
import type { RecentEvents } from '../store/journal/recent-events.ts'
import type { RunMarks } from '../store/marks/run-marks.ts'
import type { Claim } from './execution/claim.ts'
import type { Trial } from './execution/driven.ts'
import type { Call } from './replay/call.ts'
import type { History, RecordedCall } from './replay/history.ts'
import type { EngineServices } from './services.ts'
import type { OpenWaits } from './waiting/open-waits.ts'
import type { Workflow } from './workflow.ts'

/** What an event means for its call, and how it is written. */
export interface AppendOptions {
  /** The event settles the call with this value, whose text is its payload. */
  value?: unknown
  /** The event settles the call with the error that its payload has. */
  rejects?: true
  /** Of an event of the run itself; one of a call has the name of the call. */
  name?: string
  /** Rows of other tables that become durable together with the event. */
  rows?: readonly Row[] | undefined
  /** Resolves when the event is durable; never, when the run is no longer driven by then. */
  wait?: true
  /** Is written with whatever the run writes next: no commit for it alone. */
  join?: true
}

/**
 * One run as the code of a call sees it: a step, an effect, a wait, a question. It numbers the call, lets it act once the
 * run is live, and writes down what it comes to. Nothing else of an execution is open to the layers above.
 */
export interface CallSite {
  readonly run: Readonly<Pick<Claim, 'no' | 'id' | 'epoch' | 'parent' | 'principal' | 'createdAt'>>
  readonly workflow: Workflow
  /** By which way the input of the run, or of what started it, came in, and what caused it; absent where that was not said. */
  readonly origin: Readonly<Origin>
  /** Who sent that input, where it says so; nobody vouches for it. */
  readonly sender: string | undefined
  readonly services: CallServices
  /** What the run's calls wait for. */
  readonly waits: OpenWaits
  /** Hears of effects where an ended run is tried with other code. */
  readonly trial?: Pick<Trial, 'effect'> | undefined
  /** What the journal had of the run when it was claimed; undefined for one that was started here. */
  readonly history: KnownHistory | undefined
  /** The newest of its durable events, for one who follows them. */
  readonly recent: RecentEvents
  /** Aborted when the run ends or leaves this process. */
  readonly signal: AbortSignal
  readonly aborted: boolean
  /** A controller of one call, aborted with `signal`. */
  ownStop(): AbortController
  /** The run's time: when the journal last moved it (ms). The same on replay. */
  readonly now: number
  /** What the run's random numbers come from: others in each chapter. */
  readonly seed: string
  /** The first event of its chapter; 0 in the first one. */
  readonly chapterSeq: number
  /** The number of the call that is made next, and what the journal knows of it. */
  readonly nextStep: number
  readonly nextRecorded: RecordedCall | undefined
  /** Whether the journal holds calls that the workflow has not made again yet. */
  readonly behindHistory: boolean

  /**
   * Numbers a call and compares it with what the journal has under that number. A run that diverged, parked or ends gets a
   * promise that never settles: nothing for user code to catch.
   * @throws `nested-call`
   */
  issue<Kind extends CallKind>(kind: Kind, name: string, args: string | null): Call<Kind>

  /**
   * Runs `act` once the run is live, unless the journal has settled the call. The run waits for it before it ends or
   * parks; what it throws fails the call.
   */
  perform(call: Call, act: () => Promise<void> | void): void

  /**
   * Writes an event of a call; null: of the run itself. Nothing may follow the event by which a run ends, so what comes
   * after that is not written. The workflow gets a settled value as a copy made from its text, and an error as its record,
   * both as a replay would.
   * @example site.append(call, newEvent('timer-set', { dueAt }))
   */
  append(call: Call, event: NewEvent, options: AppendOptions & { wait: true }): Promise<void>
  append(call: Call | null, event: NewEvent, options?: AppendOptions): void

  /** Writes a line unless it is in the journal already; rows of other tables become durable with it. @throws `nested-call` */
  log(line: NewEvent<LineEventType>, rows?: readonly Row[]): void

  /** The texts that schemas of the run mark: what is written has references in their place. */
  readonly marks: RunMarks

  /** Notes the marked texts of a value, before anything is written that holds it. @throws `bad-mark` */
  mark(schema: StandardSchemaV1, value: unknown): void

  /** The number of the next value to be checked inside the run. */
  nextParsed(): number

  /** Remembers which call an error came from that was made of its settlement. */
  blame(call: Call, error: unknown): void

  /** The W3C trace context of a call, for what it sends; undefined where nobody traces. */
  traceparentOf(call: Call): string | undefined

  /**
   * Whether the run is still this process's. When it is not, the run ends here: what waits for the answer must not act.
   */
  confirmClaim(): true | Promise<boolean>

  /** Nobody waits for that branch of the run's code any more, on purpose: the run may end without it. */
  leave(branch: Promise<unknown>): void

  /** Ends the chapter: the run goes on from the beginning of its function, with the input that `payload` has. */
  continueAs(payload: string, version: string): void

  /** The run's code does something. One that has parked is no longer where its journal is, and nobody goes on with it. */
  codeMoved(): void
}

/** What calls get of the engine's services. */
export type CallServices = Pick<
  EngineServices,
  | 'clock'
  | 'log'
  | 'secrets'
  | 'vault'
  | 'newId'
  | 'random'
  | 'identity'
  | 'notices'
  | 'numbers'
  | 'callRates'
  | 'businessKeys'
  | 'records'
  | 'bodies'
  | 'substitutes'
  | 'host'
  | 'reviews'
>

/** What calls may know of a run's journal. */
export type KnownHistory = Readonly<
  Pick<
    History,
    'patches' | 'parsed' | 'keepsParsed' | 'ownFrom' | 'standing' | 'decided' | 'forgotten' | 'answers'
  >
> &
  // Looked at once for each claim.
  Pick<History, 'forged'>
