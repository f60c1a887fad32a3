import { defineConfig, type Question, type Solver } from 'reeve'
import { payments } from './connections.ts'

/** Writes the letter without a model: a rule, and named as one. */
const letter: Solver = {
  name: 'rule/letter',
  kind: 'function',
  solve({ input }: Question) {
    const { outcome } = input as { outcome: string }
    return { kind: 'text', text: `Dear customer,\n\n${outcome}\n\nKind regards\nThe refund desk` }
  },
}

export default defineConfig({
  connectors: { stripe: payments },
  routes: { writing: { solvers: ['anthropic/claude-haiku-4-5', letter] } },
})
