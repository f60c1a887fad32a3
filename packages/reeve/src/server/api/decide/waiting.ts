import { z } from 'zod'
import { countsOfWaiting, waitingPage } from '../../../inspect/lists/waiting.ts'
import { read } from '../../http/endpoint.ts'
import { pageOf, paging } from '../parts.ts'
import { waitingCounts, waitingItem } from '../today-shapes.ts'

const list = read({
  path: '/api/waiting',
  role: 'viewer',
  summary: 'List everything that waits for a person, of every kind; what has waited longest comes first',
  query: z.strictObject(paging),
  answer: pageOf(waitingItem),
  tell: ({ service: { database }, query }) => waitingPage(database, query),
})

const count = read({
  path: '/api/waiting/count',
  role: 'viewer',
  summary: 'Count what waits for a person, by kind',
  answer: waitingCounts,
  tell: ({ service: { database } }) => countsOfWaiting(database),
})

export const waiting = { list, count }
