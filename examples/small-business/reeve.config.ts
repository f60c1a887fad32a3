import { defineConfig, type Question, type Solver } from 'reeve'

/** Reads a letter without a model, where no model can be asked: a rule, and named as one. */
const letterRules: Solver = {
  name: 'rule/letters',
  kind: 'function',
  solve({ input }: Question) {
    const text = JSON.stringify(input)
    const signs: [string, RegExp][] = [
      ['spam', /backlinks|crypto/i],
      ['discount', /discount/i],
      ['support', /broken|odd/i],
      ['project', /build|project/i],
    ]
    return { kind: 'value', value: { kind: signs.find(([, sign]) => sign.test(text))?.[0] ?? 'price' } }
  },
}

/** `BUSINESS_MODEL=anthropic/claude-haiku-4-5` and its key: a hosted model takes the place of all three stand-ins. */
const hosted = process.env.BUSINESS_MODEL

/** Of the stand-ins in `world/model.ts`. Nobody pays it. */
const simulated = { asOf: '2026-03-01', source: 'the simulated provider of this example' }

export default defineConfig({
  routes: {
    decide: { solvers: [hosted ?? 'world/steward'], maxHeals: 2 },
    reading: { solvers: [hosted ?? 'world/reader', letterRules] },
    writing: { solvers: [hosted ?? 'world/writer'] },
  },
  prices: {
    'world/steward': { inputUsdPerMillion: 1, outputUsdPerMillion: 5, ...simulated },
    'world/reader': { inputUsdPerMillion: 1, outputUsdPerMillion: 5, ...simulated },
    'world/writer': { inputUsdPerMillion: 3, outputUsdPerMillion: 15, ...simulated },
  },
})
