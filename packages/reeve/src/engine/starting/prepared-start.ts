import { messageOf, ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import { wholeNumber } from '../../base/numbers.ts'
import { hasMarks, markedTexts } from '../../base/schema/marked.ts'
import { parse } from '../../base/schema/schema.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { checkText } from '../../base/text/text.ts'
import { after, type Duration } from '../../base/time/time.ts'
import { isTraceparent } from '../../base/trace-context.ts'
import type { Row } from '../../store/database.ts'
import { callerKey, ownKeys } from '../../store/identity/run-keys.ts'
import type { Cause, Channel, Origin } from '../../store/journal/events.ts'
import { isChannel } from '../../store/journal/vocabulary/channel.ts'
import { RunMarks } from '../../store/marks/run-marks.ts'
import type { NewRun } from '../../store/runs/changes/starts.ts'
import type { EngineServices } from '../services.ts'
import type { Workflow } from '../workflow.ts'
import { startedWith } from './run-input.ts'

/** For `runtime.startRun`. */
export interface StartOptions {
  /**
   * Starting the same workflow again with the same key and the same input answers with the run that is there. Keys that
   * begin with `reeve:` are Reeve's own.
   */
  idempotencyKey?: string | undefined
  /**
   * When a run with this key is there: `sameInput` answers with it if it was given the same input, and else throws
   * `idempotency-conflict`; `return` answers with it whatever its input was. Default `sameInput`.
   */
  ifKeyExists?: 'sameInput' | 'return' | undefined
  /** Default: the workflow's queue. */
  queue?: string | undefined
  /** Default: the workflow's `key(input)`. */
  key?: string | undefined
  /** Higher goes first, over all queues: a whole number, negative too. Default 0. */
  priority?: number | undefined
  /** Not before this time has passed. */
  delay?: Duration | undefined
  /**
   * Starts with the same `key` within `delay` of one another make one run, with the last one's input, once no further
   * start came for `delay`. Not together with `idempotencyKey`.
   */
  debounce?: { key: string; delay: Duration } | undefined
  /** For whom it acts. Default `operator`. */
  principal?: string | undefined
  /** What made the start in the name of `principal`, for people: another run, an MCP client. Default: the principal. */
  startedBy?: string | undefined
  /**
   * By which way the input came in: `operator`, `api`, `schedule`, `mail`, `file`, `event` or `webhook:NAME`. It stands in the
   * journal, and rules about what a run may do go by it. Say it wherever the input is not the calling code's own.
   * Default: none.
   */
  channel?: Channel | undefined
  /** The W3C trace context (`traceparent`) of whoever asked: the run's spans go into its trace. Default: a trace of its own. */
  traceparent?: string | undefined
}

/** What the runtime adds to a start. */
export interface OwnStart {
  /** An `ownKey`, in place of a caller's. */
  key?: string
  /** Somebody asks from outside, who was told apart from others: the key is one of the principal's own. */
  isCallers?: boolean
  /** What becomes durable with the start. */
  rows?: (run: NewRun) => Row[]
  causedBy?: Cause | undefined
}

/** A run about to be born: its row, the text of its `run-started` event and its checked input. */
export interface PreparedStart {
  run: NewRun
  payload: string
  input: unknown
  origin: Origin
  /** What becomes durable with it. */
  rows: readonly Row[]
  /** The texts of its input that the workflow's schema marks. */
  marks: RunMarks
}

/** The key under which the runtime starts runs of its own accord. */
export function ownKey(
  kind: 'schedule' | 'debounce' | 'trigger' | 'daemon' | 'repair',
  name: string,
): string {
  return `${ownKeys}${kind}:${name}`
}

/**
 * `own`: of a start by the runtime itself.
 * @throws `invalid-input` `async-schema` `payload-too-large` `not-serialisable` `bad-duration` `bad-number` `bad-text`
 * `reserved-key` `bad-start`
 */
export function prepareStart(
  services: Pick<EngineServices, 'clock' | 'secrets' | 'newId'>,
  workflow: Workflow,
  given: unknown,
  options: StartOptions,
  no: number,
  own?: OwnStart,
): PreparedStart {
  // The first life sees what later ones will read.
  const input = services.secrets.redactData(given)
  const checked = parse(workflow.input, input, `The input of workflow "${workflow.name}"`)
  const { startedBy, channel, traceparent } = options
  if (channel !== undefined) checkChannel(channel)
  if (traceparent !== undefined) checkTraceparent(traceparent)
  const origin: Origin = { channel, causedBy: own?.causedBy, traceparent }
  const principal = checkText(options.principal ?? 'operator', '`principal` of a start')
  const started = startedWith(workflow, { principal, startedBy, ...origin }, input, checked)
  const now = services.clock.now()
  const idempotency = own?.key ?? idempotencyOf(options, own?.isCallers ? principal : undefined)
  const delay = options.debounce?.delay ?? options.delay
  const key = options.key ?? keyOf(workflow, checked)
  const run: NewRun = {
    no,
    id: services.newId(),
    workflow: workflow.name,
    version: workflow.version,
    status: 'queued',
    queue: checkText(options.queue ?? workflow.queue, '`queue` of a start'),
    key: key === null ? null : checkText(key, `The key of a run of workflow "${workflow.name}"`),
    priority: wholeNumber(options.priority ?? 0, '`priority` of a start', { least: Number.MIN_SAFE_INTEGER }),
    available_at: delay === undefined ? now : after(now, delay, '`delay` of a start'),
    fresh: 1,
    idempotency,
    parent: null,
    parent_step: null,
    principal,
    epoch: 0,
    worker: null,
    created_at: now,
  }
  const marks = new RunMarks()
  if (hasMarks(workflow.input))
    marks.add([...markedTexts(workflow.input, input), ...markedTexts(workflow.input, checked)])
  // Of a marked input no digest is kept that a guess could be checked against: the input itself tells.
  if (idempotency !== null && marks.isEmpty) run.given = hashOfGiven(input)
  return { run, ...started, origin, rows: own?.rows?.(run) ?? noRows, marks }
}

const noRows: readonly Row[] = []

function checkTraceparent(traceparent: unknown): void {
  if (isTraceparent(traceparent)) return
  throw new ReeveError(
    'bad-start',
    `The traceparent of a start is ${describeValue(traceparent)}; it must be as W3C has it: 00-(32 hex digits)-(16 hex digits)-(2 hex digits).`,
  )
}

function checkChannel(channel: unknown): void {
  if (isChannel(checkText(channel, '`channel` of a start'))) return
  throw new ReeveError(
    'bad-start',
    `The channel of a start is ${describeValue(channel)}; it must be operator, api, schedule, mail, file, event or webhook:NAME.`,
  )
}

/** By which a run counts in the limits of its queue. @throws `bad-start` */
export function keyOf({ name, key }: Workflow, input: unknown): string | null {
  try {
    return key?.(input) ?? null
  } catch (cause) {
    const why = `\`key\` of workflow "${name}" threw for this input: ${messageOf(cause)}`
    throw new ReeveError('bad-start', why, { cause })
  }
}

/** Of an input as a start was given it: what a schema adds to it, such as a default that is drawn, does not count. */
export function hashOfGiven(input: unknown): string {
  return sha256(canonical(input, 'The input'))
}

function idempotencyOf(
  { debounce, idempotencyKey: given }: StartOptions,
  caller: string | undefined,
): string | null {
  const idempotencyKey = given === undefined ? undefined : checkText(given, 'The idempotency key of a start')
  if (idempotencyKey?.startsWith(ownKeys)) {
    throw new ReeveError(
      'reserved-key',
      `The idempotency key "${idempotencyKey}" begins with "${ownKeys}": such keys are Reeve's own. Choose a key that begins otherwise.`,
    )
  }
  if (!debounce) {
    if (idempotencyKey === undefined) return null
    return caller === undefined ? idempotencyKey : callerKey(caller, idempotencyKey)
  }
  if (idempotencyKey !== undefined) {
    throw new ReeveError(
      'bad-start',
      'A start has both idempotencyKey and debounce. A debounced start replaces the input of the one before it, and an idempotency key forbids that: give one of them.',
    )
  }
  return ownKey('debounce', checkText(debounce.key, '`debounce.key` of a start'))
}
