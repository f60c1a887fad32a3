import { viewToday } from '../../../inspect/health/today.ts'
import { read } from '../../http/endpoint.ts'
import { today as shape } from '../today-shapes.ts'

const one = read({
  path: '/api/today',
  role: 'viewer',
  summary: 'Get the state of today: whether all is well, and what waits for a person',
  answer: shape,
  tell: ({ service: { database, clock } }) => viewToday(database, clock.now()),
})

export const today = { one }
