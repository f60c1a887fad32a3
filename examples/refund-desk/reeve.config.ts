import { defineConfig, type Question, type Solver } from 'reeve'
import { ensurePayments } from './payments/place.ts'

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
  routes: { writing: { solvers: ['anthropic/claude-haiku-4-5', letter] } },
  services: async () => [await ensurePayments()],
})
