import { z } from 'zod'
import { changeGoalBy, requireGoal } from '../../../autonomy/goals/change-goal.ts'
import { goalStandings } from '../../../autonomy/goals/goal-standing.ts'
import { goalChanges } from '../../../store/autonomy/goal-changes.ts'
import { read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf } from '../acting.ts'
import { iso, json, name, time } from '../parts.ts'

const target = z.union([z.strictObject({ atLeast: z.number() }), z.strictObject({ atMost: z.number() })])

const standing = z.object({
  name: z.string(),
  aim: z.string(),
  owner: z.string(),
  measuredBy: z.string(),
  value: z.number().nullable().describe('Null: it is not known'),
  target,
  status: z.enum(['met', 'missed', 'unknown']),
  progress: z.number().nullable().describe('How far it has come, 0 to 1'),
  review: z.string().describe('The day on which a person looks at it again'),
  isReviewDue: z.boolean(),
  dayUsd: z.number().nullable().describe('The most that decisions for it may cost in a day'),
  problem: z.string().nullable().describe('Why its value is not known'),
})

const change = z.object({
  by: z.string(),
  at: time,
  why: z.string().nullable(),
  change: z.record(z.string(), json).describe('The fields that are others since'),
})

const withChanges = standing.extend({ changes: z.array(change).describe('Of people, the newest first') })
const params = z.strictObject({ goal: name })

const list = read({
  path: '/api/goals',
  role: 'viewer',
  summary: 'List the standing goals, with how far each has come',
  answer: z.object({ items: z.array(standing) }),
  tell: async ({ service: { database, internals, clock } }) => ({
    items: await goalStandings(database, internals.goals, clock),
  }),
})

const one = read({
  path: '/api/goals/:goal',
  role: 'viewer',
  summary: 'Get a standing goal: how it stands, and what people changed of it',
  params,
  answer: withChanges,
  tell: ({ service, params: { goal } }) => tellGoal(service, goal),
})

const set = write({
  method: 'PUT',
  path: '/api/goals/:goal',
  role: 'operator',
  summary: 'Update the target, the review day or the owner of a standing goal, over what the code says',
  params,
  body: z.strictObject({
    target: target.optional(),
    review: z.string().optional(),
    owner: z.string().min(1).max(200).optional(),
    why: z.string().max(1000).optional(),
  }),
  answer: withChanges,
  subjectOf: ({ params: { goal } }) => goal,
  async act({ service, database, caller, params: { goal }, body: { why, ...changed } }) {
    const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
    await changeGoalBy(database, service.internals.goals, goal, given, actingOf(service, caller, why))
    return { subject: goal }
  },
  tell: ({ service }, goal) => tellGoal(service, goal),
})

async function tellGoal(
  { database, internals, clock }: Service,
  wanted: string,
): Promise<z.input<typeof withChanges>> {
  const goal = requireGoal(internals.goals, wanted)
  const [stands] = await goalStandings(database, [goal], clock)
  const changes = await goalChanges(database, wanted)
  return {
    ...stands!,
    changes: changes.reverse().map((row) => ({
      by: row.made_by,
      at: iso(row.made_at),
      why: row.why,
      change: JSON.parse(row.change) as z.input<typeof change>['change'],
    })),
  }
}

export const goals = { list, one, set }
