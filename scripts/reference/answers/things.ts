import { z } from 'zod'
import { api } from '../../../packages/reeve/src/server/api/index.ts'
import { approvalContext, runSummary, runView } from '../../../packages/reeve/src/server/api/shapes.ts'

/** The things that commands answer about, each once: what a server's API has of the same is that very schema. */

export const time = z.iso.datetime()
export const json = z.unknown()
export const count = z.number()
export const text = z.string()
export const lists = <T extends z.ZodType>(noun: string, thing: T) =>
  z.object({ [noun]: z.array(thing), more: z.boolean() })
const elementOf = (answer: z.ZodType) =>
  ((answer as z.ZodObject).shape.items as unknown as z.ZodArray<z.ZodType>).element

const wanted = z.object({ schema: json.nullable(), words: text, sample: json.optional() })

const deciders = z.object({
  role: text.optional(),
  principals: z.array(text).optional(),
  count: count.optional(),
  notRequester: z.boolean().optional(),
})

/** Of a person's decision; `commands` are those that make it, as they can be pasted. */
export const asked = z.object({
  id: text,
  kind: z.enum(['approval', 'question', 'outcome']),
  subject: text,
  shown: json,
  hash: text,
  requestedAt: time,
  expiresAt: time.nullable(),
  why: z.array(text),
  places: z.array(z.object({ argument: text, place: text, trust: text })),
  /** Of a connector's action: the account that it would act with. */
  actsWith: z.object({ connection: text, account: text, mode: z.enum(['live', 'sandbox']) }).nullable(),
  boundTo: z.object({ definition: text.nullable(), policy: text.nullable() }),
  deciders,
  decideBy: time.nullable(),
  onTimeout: text,
  executeBy: time.nullable(),
  warnings: z.array(text),
  wanted: wanted.optional(),
  context: approvalContext.optional(),
  commands: z.record(z.string(), text),
})

export const failure = z.object({
  code: text,
  message: text,
  thrownIn: text.nullable().optional(),
  retryable: z.boolean().optional(),
  stack: text.optional(),
  details: json.optional(),
})

export const waitsFor = (runView.shape.standing as z.ZodObject).shape
  .waitsFor as unknown as z.ZodNullable<z.ZodType>

/** How a run rests, after whatever drove it or waited for it. */
export const rest = {
  runId: text,
  status: runSummary.shape.status,
  reason: text.optional(),
  waitsFor: waitsFor.unwrap().optional(),
  output: json.optional(),
  error: failure.optional(),
  approvals: z.array(asked).optional(),
  interrupted: z.literal(true).optional(),
}

const passage = z.object({
  id: text,
  source: text,
  place: text.optional(),
  title: text,
  text: z.string(),
  score: count,
  untrusted: z.literal(true).optional(),
})

const searchAudit = z.object({
  query: text,
  in: text.nullable(),
  kinds: z.array(text),
  asOf: json,
  limit: count,
  minScore: count,
  by: text,
  terms: z.array(z.object({ term: text, matched: z.array(text) })),
  embedders: z.array(text),
  exact: z.boolean(),
  considered: count,
  state: count,
  emptyScope: z.boolean().optional(),
  trustedOnly: z.boolean().optional(),
  candidates: z.array(json),
})

const found = {
  call: count,
  name: text.optional(),
  passages: z.array(passage),
  audit: searchAudit.nullable(),
}
export const recall = z.object(found)
export const search = z.object({ passages: z.array(passage), audit: searchAudit })

const brief = z.object({ code: text, message: text, thrownIn: text.nullable() })

export const story = z.object({
  run: z.object({ id: text, status: runSummary.shape.status, reason: text.nullable(), paused: z.boolean() }),
  chapter: z
    .object({ number: count, since: time, fromEvent: count, fromCall: count, prunedEvents: count })
    .nullable(),
  goal: z.object({
    workflow: text,
    version: text,
    principal: text,
    startedBy: text.nullable(),
    channel: text.nullable(),
    startedAt: time,
    input: json,
    forkedFrom: z.object({ runId: text, call: count, by: text }).nullable(),
  }),
  context: z.object({
    recalls: z.array(recall),
    signals: z.array(z.object({ call: count, name: text, at: time, payload: json })),
    people: z.array(
      z.object({
        call: count,
        subject: text,
        by: text.nullable(),
        note: text.nullable(),
        what: z.enum(['edit', 'answer']),
        value: json,
      }),
    ),
    children: z.array(z.object({ call: count, runId: text, status: text })),
  }),
  tools: z.array(
    z.object({
      call: count,
      name: text,
      class: text,
      agent: z.object({ name: text, under: z.array(text) }).nullable(),
      args: json.optional(),
      key: text.nullable(),
      attempts: count,
      state: z.enum(['completed', 'failed', 'unknown', 'under way']),
      result: json.optional(),
      error: brief.optional(),
      approval: z
        .object({ call: count, by: text.nullable(), at: time, edited: z.boolean(), note: text.nullable() })
        .nullable(),
    }),
  ),
  belief: z.object({
    status: runSummary.shape.status,
    output: json.optional(),
    error: brief.optional(),
    reason: text.nullable(),
    reviews: z.array(
      z.object({ call: count, name: text, solver: text, kind: text, score: count, problems: json }),
    ),
    decisions: z.array(z.object({ call: count, subject: text, status: text, by: text.nullable() })),
    deciding: z.array(z.object({ seq: count, type: text, name: text.nullable() })),
    waitsFor: z.array(
      z.object({
        call: count,
        kind: text,
        name: text,
        since: time,
        approvalId: text.nullable(),
        asks: text.nullable(),
        wanted: wanted.nullable(),
        decided: z.object({ status: text, by: text.nullable() }).nullable(),
        dueAt: time.nullable(),
        reason: text.nullable(),
      }),
    ),
  }),
  timeline: z.array(
    z.object({
      seq: count,
      at: time,
      call: count.nullable(),
      type: text,
      name: text.nullable(),
      ms: count.nullable(),
      solver: text.nullable(),
      solverKind: text.nullable(),
      costUsd: count.nullable(),
      inputTokens: count.nullable(),
      outputTokens: count.nullable(),
      tone: text,
      words: text,
    }),
  ),
  modelCalls: z.array(
    z.object({
      at: time,
      model: text,
      agent: text.nullable(),
      outcome: text,
      inputTokens: count,
      cachedInputTokens: count,
      outputTokens: count,
      costUsd: count,
    }),
  ),
  total: z.object({
    costUsd: count,
    unsettledUsd: count,
    inputTokens: count,
    outputTokens: count,
    ms: count.nullable(),
  }),
  chain: z.object({ ok: z.boolean(), events: count, fault: json.nullable() }),
  notShown: z.record(z.string(), count),
})

export const runLine = runSummary
export const today = api.today.one.answer
export const permission = elementOf(api.permissions.list.answer)
export const proposal = api.proposals.one.answer
export const repair = api.repairs.one.answer
export const repairDiff = api.repairs.diff.answer
export const lesson = api.lessons.one.answer
export const item = api.memory.amend.answer
export const daemon = api.daemons.one.answer
export const decision = elementOf(api.ledger.list.answer)
export const goal = elementOf(api.goals.list.answer)
export const goalWithChanges = api.goals.one.answer
export const connector = api.connectors.disconnect.answer
export const connectorVersion = elementOf(api.connectors.versions.answer)
export const connectorDiff = api.connectors.diff.answer
export const undoPlan = api.runs.planUndo.answer
export const forkPlan = api.runs.forkPlan.answer
export const failureClasses = api.failures.list.answer
export const readiness = api.levels.get.answer
export const evalSummary = elementOf(api.evals.list.answer)
export const evalResult = api.evals.one.answer
export const directiveVersions = elementOf(api.directives.versions.answer)
export const directiveDiff = api.directives.diff.answer
export const trigger = elementOf(api.triggers.list.answer)
