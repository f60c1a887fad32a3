import { z } from 'zod'
import { asideOfWaiting, countsOfWaiting, waitingPage } from '../../../inspect/lists/people-inbox.ts'
import { hastyPeople } from '../../../store/approvals/crowding/pace.ts'
import { readRules } from '../../../store/approvals/rules.ts'
import { read } from '../../http/endpoint.ts'
import { name, pageOf, paging, time } from '../parts.ts'
import { waitingCounts, waitingItem } from '../today-shapes.ts'

const list = read({
  path: '/api/waiting',
  role: 'viewer',
  summary: 'List everything that waits for a person, of every kind; what has waited longest comes first',
  query: z.strictObject({
    aside: z
      .enum(['true', 'false'])
      .optional()
      .describe('Instead what is kept back: more of one sender, or of one kind, than people are shown'),
    ...paging,
  }),
  answer: pageOf(waitingItem),
  tell: ({ service: { database }, query: { aside, ...page } }) =>
    waitingPage(database, { ...page, aside: aside === 'true' }),
})

const aside = read({
  path: '/api/waiting/aside',
  role: 'viewer',
  summary: 'List what waits aside, by who sent it, the largest first, and who decides without time to read',
  answer: z.object({
    groups: z.array(
      z.object({
        channel: z.string(),
        sender: z.string().nullable().describe('As the input says; nobody vouches for it'),
        workflow: name,
        kind: z.enum(['approval', 'question', 'outcome']),
        subject: z.string(),
        count: z.number(),
        since: time,
      }),
    ),
    hasty: z
      .array(z.object({ by: name, hasty: z.number() }))
      .describe('Who approved within the last hour how often less than a second after the time before'),
  }),
  async tell({ service: { database, clock } }) {
    const { hastyPerHour } = await readRules(database)
    const hasty = await hastyPeople(database, clock.now(), hastyPerHour)
    return { groups: await asideOfWaiting(database), hasty }
  },
})

const count = read({
  path: '/api/waiting/count',
  role: 'viewer',
  summary: 'Count what waits for a person, by kind',
  answer: waitingCounts,
  tell: ({ service: { database } }) => countsOfWaiting(database),
})

export const waiting = { list, count, aside }
