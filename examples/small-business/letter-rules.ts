import type { Question, Solver } from 'reeve'

/** Reads a letter without a model, where no model can be asked: a rule, and named as one. */
export const letterRules: Solver = {
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
