import { goal } from 'reeve'
import { ask } from '../addresses.ts'

export default goal({
  aim: 'Few invoices are late',
  owner: 'robin',
  metric: async (signal) => (await ask<{ toRemind: number }>('PAYMENTS_URL', '/v1/summary', signal)).toRemind,
  target: { atMost: 5 },
  review: '2026-06-01',
})
