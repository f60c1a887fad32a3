import { defineConfig, type Question, type Solver } from 'reeve'
import { payments } from './connections.ts'

/** Writes the letter without a model: a rule, and named as one. */
const letter: Solver = {
  name: 'rule/letter',
  kind: 'function',
  solve({ input, passages = [] }: Question) {
    const { outcome } = input as { outcome: string }
    const rule = passages.map(({ title, text }) => `\n\n${title}: ${text.replace(/^# .*\s+/, '')}`).join('')
    return { kind: 'text', text: `Dear customer,\n\n${outcome}${rule}\n\nKind regards\nThe refund desk` }
  },
}

export default defineConfig({
  connectors: { stripe: payments },
  routes: { writing: { solvers: ['anthropic/claude-haiku-4-5', letter] } },
})
