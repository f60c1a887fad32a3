import { goal } from 'reeve'

export default goal({
  aim: 'Whoever writes is answered the same day',
  owner: 'robin',
  metric: { metric: 'taskSuccess', workflow: 'directive:answer-leads', over: '14d' },
  target: { atLeast: 0.9 },
  review: '2026-06-01',
})
