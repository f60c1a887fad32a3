import { z } from 'zod'
import type { ApprovalContext } from '../../inspect/approvals/approval-context.ts'
import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import type { Field } from '../../inspect/approvals/fields.ts'
import type { EventView } from '../../inspect/events/event-view.ts'
import type { RunSummary, RunView } from '../../inspect/run/run-view.ts'
import type { WaitsFor } from '../../inspect/run-standing.ts'
import { deciderRoles, timeoutWays } from '../../store/approvals/approval-terms.ts'
import type { RunFilter } from '../../store/runs/run-lists.ts'
import { type RunStatus, runStatuses } from '../../store/runs/runs.ts'
import { id, json, name, time } from './parts.ts'

/** How the read model (`inspect`) goes over the wire: what it shows is described here and nowhere changed. */

/** As JSON has it: what is undefined is not there. */
export type Shown<T> = T extends readonly (infer Each)[]
  ? T extends unknown[]
    ? Shown<Each>[]
    : readonly Shown<Each>[]
  : T extends object
    ? { [K in keyof T as undefined extends T[K] ? never : K]: Shown<T[K]> } & {
        [K in keyof T as undefined extends T[K] ? K : never]?: Shown<T[K]>
      }
    : T

const runStatus = z.enum(runStatuses)

export const runSummary = z.object({
  id,
  workflow: name,
  version: z.string(),
  status: runStatus,
  paused: z.boolean(),
  reason: z.string().nullable().describe('For people: why it waits, failed or is stuck. Holds foreign text'),
  queue: name,
  principal: z.string().describe('For whom it acts'),
  createdAt: time,
  endedAt: time.nullable(),
  key: z.string().nullable().describe('The idempotency key that it was started with'),
  workflowKey: z.string().nullable().describe('The `key` that its workflow gave it'),
  input: z.string().nullable().describe('The beginning of what it was given, as JSON. Untrusted'),
  costUsd: z.number().describe('Calls of unknown outcome count at their most'),
}) satisfies z.ZodType<RunSummary>

const wanted = z.object({
  schema: json.nullable().describe('JSON Schema; null where it is not known'),
  words: z.string(),
  sample: json.optional().describe('A value that fits'),
})

const deciders = z
  .object({
    role: z.enum(deciderRoles).optional(),
    principals: z.array(z.string()).readonly().optional(),
    count: z.number().optional().describe('So many must approve; one rejection rejects'),
    notRequester: z.boolean().optional(),
  })
  .describe('Who may decide; an approver and above where nothing is said')

export const approvalView = z.object({
  id,
  kind: z.enum(['approval', 'question', 'outcome']),
  subject: z.string(),
  status: z.enum(['pending', 'approved', 'rejected', 'answered', 'expired', 'withdrawn']),
  call: z.number(),
  shown: json.describe('Exactly what is approved or asked. Untrusted: parts of it may come from a model'),
  hash: z.string().describe('Of `shown`: a decision names it, so that only what was seen is decided'),
  requestedAt: time,
  expiresAt: time.nullable(),
  problem: z.string().nullable().describe('Why a plain yes is refused'),
  notice: z.string().nullable(),
  agent: z.string().nullable(),
  allowed: z.array(z.enum(['approve', 'edit', 'reject', 'answer'])),
  edit: z
    .object({ value: json, schema: json.nullable() })
    .nullable()
    .describe('What an edit is laid over, and what the whole must fit'),
  wanted: wanted.nullable().describe('What an answer must be; null for an approval'),
  why: z.array(z.string()).readonly().describe('Why it is asked. Untrusted text'),
  places: z
    .array(z.object({ argument: z.string(), place: z.string(), trust: z.string() }))
    .readonly()
    .describe('Where the values of directing arguments stand. Untrusted text'),
  actsWith: z
    .object({ connection: z.string(), account: z.string(), mode: z.enum(['live', 'sandbox']) })
    .nullable()
    .describe("Of a connector's action: with which account it would act, and whether for real"),
  boundTo: z.object({ definition: z.string().nullable(), policy: z.string().nullable() }),
  deciders,
  decideBy: time.nullable().describe('When `onTimeout` counts'),
  onTimeout: z.enum(timeoutWays),
  escalateTo: deciders.nullable(),
  executeBy: time.nullable().describe('What is approved may begin until then'),
  executeWithinMs: z.number().nullable().describe('The same, counted from the decision'),
  warnings: z.array(z.string()).describe('What to look at twice in `shown`'),
  decided: z
    .object({ at: time.nullable(), by: z.string().nullable(), note: z.string().nullable(), answer: json })
    .nullable(),
}) satisfies z.ZodType<Shown<ApprovalView>>

export const approvalContext = z.object({
  inputs: z.array(z.object({ runId: id, workflow: name, input: json })),
  reviews: z.array(z.object({ name: z.string(), solver: z.string(), score: z.number(), problems: json })),
  notes: z.array(z.string()),
  forkedFromId: z.string().nullable(),
}) satisfies z.ZodType<ApprovalContext>

const path = z.array(z.union([z.string(), z.number()])).describe('The keys and places that lead to it')

export const field = z.object({
  path,
  value: json,
  origins: z.array(
    z.object({
      from: z.enum(['given', 'model', 'person', 'outside', 'knowledge', 'code']),
      call: z.number().nullable(),
      name: z.string(),
      by: z.string().nullable(),
      path,
      how: z.enum(['same', 'part']),
    }),
  ),
}) satisfies z.ZodType<Field>

const words = z.string()
const waitsFor = z.discriminatedUnion('for', [
  z.object({ for: z.literal('worker'), words, lack: z.string() }),
  z.object({ for: z.literal('resume'), words }),
  z.object({ for: z.literal('signal'), words, signal: z.string(), until: z.string().optional() }),
  z.object({ for: z.literal('budget'), words, until: z.string() }),
  z.object({ for: z.literal('time'), words, until: z.string() }),
  z.object({ for: z.literal('queue'), words, queue: z.string() }),
  z.object({ for: z.literal('person'), words, approvals: z.number() }),
  z.object({
    for: z.literal('account'),
    words,
    accounts: z.array(
      z.object({ connection: z.string(), account: z.string(), mode: z.enum(['live', 'sandbox']) }),
    ),
  }),
  z.object({ for: z.literal('contract'), words, connection: z.string() }),
  z.object({ for: z.literal('other'), words }),
]) satisfies z.ZodType<WaitsFor>

export const runView = runSummary.extend({
  parentId: z.string().nullable().describe('The run that started it as its child'),
  events: z.number().nullable().describe('How many events its journal has; null while it runs'),
  chapter: z.number(),
  standing: z.object({
    state: z.enum(['moving', 'waiting', 'stuck', 'ended']),
    runId: id.describe('The run that decides it: itself or a child'),
    waitsFor: waitsFor.nullable(),
  }),
  output: json.optional(),
  error: z
    .object({
      code: z.string(),
      message: z.string(),
      thrownIn: z
        .string()
        .nullable()
        .describe('Where the project’s code threw it, as `FILE:LINE:COLUMN`; null where that is not known'),
    })
    .optional(),
  asks: z.array(approvalView),
}) satisfies z.ZodType<Shown<RunView>>

export const eventView = z.object({
  seq: z.number(),
  at: time,
  type: z.string(),
  call: z.number().nullable(),
  name: z.string().nullable(),
  tone: z.string().describe('How it is to be taken: `good`, `bad`, `waits` …'),
  words: z.string().describe('What it means, on one line'),
  payload: json.describe('Where `isCut`: the beginning of its JSON text'),
  isCut: z.boolean(),
  size: z.number().describe('Of the whole payload, in characters'),
}) satisfies z.ZodType<Omit<EventView, 'tone'> & { tone: string }>

const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

/** Which runs. */
export const runFilter = {
  status: z
    .union([runStatus.transform((one) => [one]), z.array(runStatus).min(1).max(runStatuses.length)])
    .optional()
    .describe('One, or several'),
  workflow: name.optional(),
  text: z.string().max(200).optional().describe('Found in id, workflow, reason or idempotency key'),
  named: z
    .string()
    .max(1024)
    .optional()
    .describe(
      'With this id; else with this idempotency key; else with this `key` of their workflow (or WORKFLOW:KEY), those under way before those that have ended; else whose id begins so, from 6 characters on',
    ),
  since: moment.optional().describe('Created then or later'),
  until: moment.optional().describe('Created before then'),
}

/** A filter as lists go by it. */
export function filterOf<T extends { status?: RunStatus[] | undefined }>({
  status,
  ...filter
}: T): Omit<T, 'status'> & RunFilter {
  if (!status) return filter
  return status.length === 1 ? { ...filter, status: status[0]! } : { ...filter, statuses: status }
}
