import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { byClassifier, byPattern, defineConfig, localComposer, localExtractor, trainClassifier } from 'reeve'

interface Labelled {
  text: string
  category: string
  urgency: number
}

const labelled = readFileSync(join(import.meta.dirname, 'examples/labelled.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Labelled)

const category = trainClassifier(labelled.map(({ text, category }) => ({ text, label: category })))
const urgency = trainClassifier(labelled.map(({ text, urgency }) => ({ text, label: String(urgency) })))

export default defineConfig({
  knowledge: ['knowledge'],
  routes: {
    // Solvers are asked in order. With a key set, put a hosted model first: 'anthropic/claude-haiku-4-5'.
    triage: {
      solvers: [
        localExtractor({
          name: 'local/ticket-reader',
          minConfidence: 0.15,
          fields: {
            category: byClassifier(category),
            urgency: byClassifier(urgency, { map: { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 } }),
            orderId: byPattern(/\bA-\d{5}\b/),
          },
        }),
      ],
    },
    writing: { solvers: [localComposer({ signature: 'Your support team' })] },
  },
})
