import { defineConfig } from 'reeve'
import { letterRules } from '../letter-rules.ts'
import { calendar, mail, payments } from './connections.ts'

export default defineConfig({
  connectors: { email: mail, stripe: payments, 'google-calendar': calendar },
  routes: { reading: { solvers: ['anthropic/claude-haiku-4-5', letterRules] } },
  // Two letters that are read at one moment would be promised the same half hour.
  queues: { letters: { concurrency: 1 } },
})
