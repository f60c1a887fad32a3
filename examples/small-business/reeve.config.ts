import {
  byClassifier,
  defineConfig,
  hostedSolver,
  learningClassifier,
  localExtractor,
  type Solver,
} from 'reeve'
import { letterRules } from './letter-rules.ts'

/** Nobody pays it: the price of the simulated provider in `world/model.ts`. */
const simulated = { asOf: '2026-03-01', source: 'the simulated provider of this example' }
const prices = {
  'world/steward': { inputUsdPerMillion: 1, outputUsdPerMillion: 5, ...simulated },
  'world/reader': { inputUsdPerMillion: 1, outputUsdPerMillion: 5, ...simulated },
  'world/writer': { inputUsdPerMillion: 3, outputUsdPerMillion: 15, ...simulated },
  'world/mender': { inputUsdPerMillion: 3, outputUsdPerMillion: 15, ...simulated },
}

/** `BUSINESS_MODEL=anthropic/claude-haiku-4-5` and its key: a hosted model takes the place of all stand-ins. */
function model(standIn: keyof typeof prices): Solver | string {
  const { BUSINESS_MODEL, WORLD_BASE_URL = 'http://127.0.0.1:4805/v1' } = process.env
  return BUSINESS_MODEL ?? hostedSolver(standIn, { keys: process.env, baseUrl: WORLD_BASE_URL, prices })
}

/** Unless it is off (`--learning off`): letters are read by a local classifier once it has learnt to, and the paid reader is asked where that is unsure. */
const learns = process.env.BUSINESS_LEARNING === 'on'
const letterKind = learningClassifier({
  name: 'letter-kind',
  question: 'read the letter',
  field: 'kind',
  from: 'answers',
})
const ownReader = localExtractor({
  name: 'local/letters',
  fields: { kind: byClassifier(letterKind) },
  minConfidence: 0.9,
})

export default defineConfig({
  ...(learns && {
    learning: { at: '0 3 * * *' },
    // A fix of what moves money waits for the owner.
    repair: { level: 'promote', scripts: { send_invoices: 'propose', reconcile_payments: 'propose' } },
  }),
  routes: {
    decide: { solvers: [model('world/steward')], maxHeals: 2 },
    reading: { solvers: [...(learns ? [ownReader] : []), model('world/reader'), letterRules] },
    writing: { solvers: [model('world/writer')] },
    ...(learns && { repair: { solvers: [model('world/mender')] } }),
  },
})
