import { ReeveError } from '../base/errors.ts'
import { parse } from '../base/schema.ts'
import { type Duration, toMs } from '../base/time.ts'
import type { NewRun } from '../store/runs.ts'
import type { EngineEdges } from './edges.ts'
import { encodePayload } from './payload.ts'
import type { Workflow } from './workflow.ts'

export interface StartOptions {
  /** Starting the same workflow again with the same key answers with the run that is there. */
  idempotencyKey?: string
  /** Default: the workflow's queue. */
  queue?: string
  /** Default: the workflow's `key(input)`. */
  key?: string
  /** Higher goes first. Default 0. */
  priority?: number
  /** Not before this time has passed. */
  delay?: Duration
  /**
   * Starts with the same `key` within `delay` of one another make one run, with the last one's input, once no further
   * start came for `delay`.
   */
  debounce?: { key: string; delay: Duration }
  /** Who starts it. Default `operator`. */
  principal?: string
}

/** A run about to be born: its row, the text of its `run-started` event and its checked input. */
export interface Birth {
  run: NewRun
  payload: string
  input: unknown
}

/** @throws `invalid-input` `payload-too-large` `not-serialisable` `bad-duration` */
export function prepareBirth(
  edges: EngineEdges,
  workflow: Workflow,
  input: unknown,
  options: StartOptions,
  no: number,
): Birth {
  const checked = parse(workflow.input, input, `The input of workflow "${workflow.name}"`)
  // What is kept is what was given: a schema's transforms run again on replay, and must find what they expect.
  const text = encodePayload(input, `the input of workflow "${workflow.name}"`) ?? 'null'
  const now = edges.clock.now()
  const principal = options.principal ?? 'operator'
  const delay = options.debounce?.delay ?? options.delay
  const key = options.key ?? workflow.key?.(checked) ?? null
  const run: NewRun = {
    no,
    id: edges.newId(),
    workflow: workflow.name,
    version: workflow.version,
    status: 'queued',
    queue: options.queue ?? workflow.queue,
    key,
    priority: options.priority ?? 0,
    available_at: delay === undefined ? now : Math.ceil(now + toMs(delay)),
    fresh: 1,
    idempotency: options.debounce ? `debounce:${options.debounce.key}` : (options.idempotencyKey ?? null),
    parent: null,
    parent_step: null,
    principal,
    epoch: 0,
    worker: null,
    created_at: now,
  }
  return { run, payload: birthPayload(workflow.version, principal, text), input: checked }
}

function birthPayload(version: string, principal: string, input: string): string {
  return `{"version":${JSON.stringify(version)},"principal":${JSON.stringify(principal)},"input":${input}}`
}

/** The input in a `run-started` event. */
export function inputOf(payload: string | null): unknown {
  if (payload === null) throw new ReeveError('journal-damaged', 'The run-started event has no input.')
  return (JSON.parse(payload) as { input: unknown }).input
}
