import { defineConfig, type Question, type Solver } from 'reeve'

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
  // Solvers are asked in order. With a key set, put a hosted model first: 'anthropic/claude-haiku-4-5'.
  routes: { writing: { solvers: [letter] } },
})
