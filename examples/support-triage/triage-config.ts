import { join } from 'node:path'
import {
  byClassifier,
  byRule,
  type Classifier,
  localComposer,
  localCritic,
  localExtractor,
  type ProjectConfig,
  trainClassifier,
} from 'reeve'
import { readLabelled } from './ingest/train-set.ts'
import { ensureReceivers } from './receivers/place.ts'

/** Order ids look like HB-20431; people also write hb20431 and HB 20431. */
const orderIdPattern = /\bHB[- ]?\d{5}\b/i

function orderId(text: string) {
  const written = orderIdPattern.exec(text)?.[0]
  return written === undefined ? undefined : { value: `HB-${written.slice(-5)}`, confidence: 1 }
}

const examples = join(import.meta.dirname, 'examples/labelled.jsonl')

export interface Training {
  /** Into which the examples sort their texts. */
  categories: string[]
  category: Classifier
  urgency: Classifier
  problems: string[]
}

/** Learns categories from `file`, and urgency from the shop's own examples, which alone have it. */
export async function train(file: string = examples): Promise<Training> {
  const own = await read(examples)
  const given = file === examples ? own : await read(file)
  const urgency = own.rows.flatMap(({ text, urgency }) => (urgency ? [{ text, label: String(urgency) }] : []))
  return {
    categories: [...new Set(given.rows.map(({ label }) => label))].sort(),
    category: trainClassifier(given.rows),
    urgency: trainClassifier(urgency),
    problems: given.problems,
  }
}

async function read(file: string) {
  const rows: { text: string; label: string; urgency?: number }[] = []
  const problems: string[] = []
  for await (const reading of readLabelled(file)) {
    if (reading.ok) rows.push(reading.row)
    else problems.push(`${reading.where}: ${reading.problem}`)
  }
  return { rows, problems }
}

/** The routes of the triage: hosted models when a key is set, and at the end of each a local solver. */
export function triageConfig(training: Training, knowledge: string[]): ProjectConfig {
  const read = localExtractor({
    name: 'local/ticket-reader',
    minConfidence: 0.15,
    fields: {
      category: byClassifier(training.category),
      urgency: byClassifier(training.urgency, { map: { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 } }),
      orderId: byRule(orderId),
    },
  })
  return {
    knowledge,
    routes: {
      triage: { solvers: ['anthropic/claude-haiku-4-5', read] },
      writing: {
        solvers: ['anthropic/claude-sonnet-4-6', localComposer({ signature: 'Your Hivebeam support' })],
      },
      critic: { solvers: ['anthropic/claude-haiku-4-5', localCritic()] },
    },
    services: async () => [await ensureReceivers()],
  }
}
