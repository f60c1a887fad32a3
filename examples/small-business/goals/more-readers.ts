import { goal } from 'reeve'
import { ask } from '../addresses.ts'

export default goal({
  aim: 'Each week more than 500 people come to the site',
  owner: 'robin',
  metric: async (signal) => {
    const { visits } = await ask<{ visits: number | string }>('SEARCH_URL', '/v1/queries', signal)
    return Number(String(visits).replaceAll(',', ''))
  },
  target: { atLeast: 500 },
  review: '2026-06-01',
  budget: '$0.08',
})
