import { z } from 'zod'
import { inputOf } from '../../../inspect/approvals/before.ts'
import { pageOfEvents } from '../../../inspect/events/event-view.ts'
import { listRunPage } from '../../../inspect/lists/run-list.ts'
import { viewRun } from '../../../inspect/run/run-view.ts'
import { type RunStory, tellStory } from '../../../inspect/run/story/run-story.ts'
import { shortened } from '../../../inspect/run/story/short-story.ts'
import { approvalsOf } from '../../../store/approvals/approvals.ts'
import { readChapter } from '../../../store/journal/journal.ts'
import { requireRun } from '../../../store/runs/runs.ts'
import { modelCallsOf } from '../../../store/spending/model-calls.ts'
import { read } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { aRun, id, iso, json, numberIn, paging, time } from '../parts.ts'
import { eventView, filterOf, runFilter, runSummary, runView } from '../shapes.ts'

const list = read({
  path: '/api/runs',
  role: 'viewer',
  summary: 'List runs, the newest first',
  description:
    'A page looks at some ten thousand runs at most: with a filter that lets little through it may hold few, or none, and have a next one.',
  query: z.strictObject({
    ...runFilter,
    topLevel: z.stringbool().default(false).describe('Only runs that no other run started'),
    ...paging,
  }),
  answer: z.object({
    items: z.array(runSummary),
    next: z.string().nullable().describe('As `cursor` of the next page; null: there is none'),
    searchedTo: z.string().nullable().describe('How far back this page looked'),
  }),
  async tell({ service: { database }, caller: { principal }, query }) {
    const asked = { ...filterOf(query), caller: principal }
    const { runs: items, next, searchedTo } = await listRunPage(database, asked)
    return { items, next, searchedTo }
  },
})

const one = read({
  path: '/api/runs/:run',
  role: 'viewer',
  summary: 'Get a run: how it stands',
  params: aRun,
  answer: runView,
  tell: ({ service, params }) => tellRun(service, params.run),
})

/** @throws `unknown-run` */
export function tellRun({ database }: Service, run: string): Promise<z.input<typeof runView>> {
  return viewRun(database, run)
}

const input = read({
  path: '/api/runs/:run/input',
  role: 'viewer',
  summary: 'Get the input of a run; of one that goes on in chapters, of its last one',
  params: aRun,
  answer: z.object({ input: json, isPruned: z.boolean() }),
  async tell({ service: { database }, params }) {
    const given = await inputOf(database, await requireRun(database, params.run))
    return { input: given?.input ?? null, isPruned: given === undefined }
  },
})

const largestSeq = numberIn(0, Number.MAX_SAFE_INTEGER)

const events = read({
  path: '/api/runs/:run/events',
  role: 'viewer',
  summary: 'List the events of a run in their order: the first after one, or the last before one',
  params: aRun,
  query: z
    .strictObject({
      after: largestSeq.optional(),
      before: largestSeq.optional(),
      limit: numberIn(1, 1000).default(200),
      longestPayload: numberIn(0, 1_000_000).default(4000).describe('In characters; what is longer is cut'),
    })
    .refine(({ after, before }) => after === undefined || before === undefined, {
      message: 'give `after` or `before`, not both',
    }),
  answer: z.object({
    events: z.array(eventView),
    more: z.boolean().describe('There are more of them in the direction of the page'),
  }),
  tell: ({ service: { database }, params, query }) => pageOfEvents(database, params.run, query),
})

const effect = z.object({
  runId: id,
  call: z.number(),
  name: z.string(),
  class: z.string(),
  sentAt: time,
  isAsked: z.boolean().describe('A person is asked again before it'),
})
const decided = z.object({ call: z.number(), name: z.string(), by: z.string().nullable() })

const forkPlan = read({
  path: '/api/runs/:run/fork-plan',
  role: 'viewer',
  summary:
    'Preview a fork of a run from a call: what it would share, ask again and send again; starts nothing',
  params: aRun,
  query: z.strictObject({ from: largestSeq }),
  answer: z.object({
    from: z
      .number()
      .describe('The first call that is made again: as asked, or earlier where a decision rests on it'),
    asksAgain: z.array(decided),
    standing: z
      .array(decided)
      .describe('Shared decisions of the workflow’s own: before it acts a person is asked each time'),
    repeats: z.array(effect).describe('Effects that were sent already, and would be sent once more'),
  }),
  async tell({ service: { engine }, params, query }) {
    const { from, asksAgain, standing, repeats } = await engine.control.previewFork(params.run, query.from)
    return {
      from,
      asksAgain,
      standing,
      repeats: repeats.map(({ sentAt, ...each }) => ({ ...each, sentAt: iso(sentAt) })),
    }
  },
})

const story = read({
  path: '/api/runs/:run/story',
  role: 'viewer',
  summary:
    'Get the story of a run: what it was to do, what it knew, what it did, why it counts as done, how it went and what it cost',
  description: 'Of a long run the last of each list: `left` says how many of each are not shown.',
  params: aRun,
  query: z.strictObject({ limit: numberIn(1, 5000).default(500) }),
  answer: z.object({
    story: z
      .custom<RunStory>()
      .describe('`goal`, `context`, `tools`, `belief`, `timeline`, `modelCalls`, `total`, `chain`'),
    left: z.record(z.string(), z.number()),
  }),
  async tell({ service: { database }, params, query: { limit } }) {
    const row = await requireRun(database, params.run)
    const [events, approvals, calls] = await Promise.all([
      readChapter(database, row),
      approvalsOf(database, row.no),
      modelCallsOf(database, row.no),
    ])
    return shortened(tellStory(row, events, approvals, calls), limit)
  },
})

export const runReads = { list, one, input, forkPlan, story, events }
