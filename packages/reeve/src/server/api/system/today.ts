import { viewToday } from '../../../inspect/health/today.ts'
import { read } from '../../http/endpoint.ts'
import { today as shape } from '../today-shapes.ts'

const one = read({
  path: '/api/today',
  role: 'viewer',
  summary: 'Say whether it is well, and what it wants from a person',
  answer: shape,
  tell: ({ service: { database, clock } }) => viewToday(database, clock.now()),
})

export const today = { one }
