import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { localComposer } from '../../../src/models/local/compose/composer.ts'
import { localCritic } from '../../../src/models/local/compose/critic.ts'
import type { Answer, Question } from '../../../src/models/solver.ts'
import { passages } from './passages.ts'

const signal = new AbortController().signal
const composer = localComposer()

function compose(question: Partial<Question>, solver = composer): Answer {
  return solver.solve(
    { task: 'generate', name: 'draft', input: '', passages, ...question },
    { signal },
  ) as Answer
}

function letter(question: Partial<Question>, solver = composer): string {
  const answer = compose(question, solver)
  if (answer.kind !== 'text') throw new Error(`no letter: ${JSON.stringify(answer)}`)
  return answer.text
}

const refundTicket = { subject: 'Refund', body: 'When is the money for a damaged item refunded?' }

describe('the local composer', () => {
  test('quotes what answers the question and names the source', () => {
    expect(letter({ input: refundTicket })).toBe(`Hello,

Thank you for your message. Our documents say this about it:

“The money goes back to the card that you paid with.” [1]

“Shipping fees of $4.99 are refunded only when the item arrived damaged.” [1]

If this does not answer your question, please reply to this message.

Kind regards

Sources:
[1] Refund policy`)
  })

  test('numbers several sources in the order in which they are quoted', () => {
    const text = letter({
      input: 'Is the parcel number on the tracking page? And are shipping fees refunded?',
    })
    expect(text).toMatch(/Shipping fees.+” \[1\]/)
    expect(text).toMatch(/parcel number.” \[2\]/)
    expect(text.endsWith('Sources:\n[1] Refund policy\n[2] Delivery times')).toBe(true)
  })

  test('uses its own greeting and signature, and quotes no more than told', () => {
    const solver = localComposer({ greeting: 'Dear customer,', signature: 'Yours,\nThe Shop', sentences: 1 })
    const text = letter({ input: refundTicket }, solver)
    expect(text.startsWith('Dear customer,\n\n')).toBe(true)
    expect(text).toContain('\n\nYours,\nThe Shop\n\nSources:')
    expect(text.match(/“/g)).toHaveLength(1)
  })

  test('is the surer the more of the question the quotes speak of', () => {
    const sure = compose({ input: 'Refunded shipping fees?' }) as { confidence: number }
    const unsure = compose({
      input: 'Refunded shipping fees? And bicycle repairs, vouchers, newsletters?',
    }) as {
      confidence: number
    }
    expect(sure.confidence).toBeGreaterThan(unsure.confidence)
    expect(sure.confidence).toBeLessThanOrEqual(1)
    expect(unsure.confidence).toBeGreaterThan(0)
  })

  test('quotes a statement once, however many passages have it', () => {
    const overlapping = [...passages, { ...passages[0]!, id: 'refunds-2', title: 'Refund policy, part 2' }]
    expect(letter({ input: refundTicket, passages: overlapping })).toBe(letter({ input: refundTicket }))
  })

  test('finds the relevant statement even where a rarer word is there by chance', () => {
    const input = 'giraffe zebra lion holidays damaged item shipping fees'
    const chance = [{ ...passages[2]!, text: 'The giraffe is our mascot.' }, passages[0]!]
    expect(letter({ input, passages: chance })).toContain('Shipping fees of $4.99')
  })

  test('prefers a statement that adds something to one that says the same again', () => {
    const text = 'Parcels to islands cost extra fees. Island parcels cost extra. Claims need photos.'
    const solver = localComposer({ sentences: 2 })
    const input = 'Do parcels to an island cost extra fees, and do claims need photos?'
    expect(letter({ input, passages: [{ ...passages[0]!, text }] }, solver).match(/“.+”/g)).toEqual([
      '“Parcels to islands cost extra fees.”',
      '“Claims need photos.”',
    ])
  })

  test('of two statements that say as much, prefers the one that opens its passage', () => {
    const later = { ...passages[0]!, text: 'Wrapping is free. Damaged items go to desk four.' }
    const first = { ...passages[0]!, id: 'refunds-2', text: 'Damaged items go to desk nine.' }
    const text = letter({ input: 'damaged items', passages: [later, first] }, localComposer({ sentences: 1 }))
    expect(text).toContain('“Damaged items go to desk nine.”')
  })

  test('quotes no line that only announces others', () => {
    const text = 'Refunds of damaged items, in short:\n\n- Refunds of damaged items are free.'
    expect(letter({ input: refundTicket, passages: [{ ...passages[0]!, text }] })).not.toContain('in short')
  })

  test('does not take the passages for the question when the input repeats them', () => {
    const input = { ticket: refundTicket, policy: passages.map(({ text, title }) => ({ text, title })) }
    expect(letter({ input })).toBe(letter({ input: refundTicket }))
  })

  test.each([
    ['of another subject', 'Tell me a joke about elephants and a monday in the zoo, with giraffes', passages],
    ['without words', '?!', passages],
    ['without passages', 'refund', []],
    ['with empty passages', 'refund', [{ ...passages[0]!, text: '# Refunds' }]],
  ])('abstains from a question %s', (_name, input, given) => {
    expect(compose({ input, passages: given })).toMatchObject({ kind: 'abstain', reason: expect.any(String) })
  })

  test('abstains from what is not a letter', () => {
    expect(compose({ input: refundTicket, task: 'extract' }).kind).toBe('abstain')
    expect(compose({ input: refundTicket, schema: { type: 'object' } }).kind).toBe('abstain')
  })

  test('never lets text of the question into the letter', () => {
    const frame = /^Hello,$|^Thank you for your message\.|^If this does not|^Kind regards$|^Sources:$|^$/
    const words = fc.constantFrom(
      'refund',
      'PARCEL',
      'damaged',
      'https://evil.example',
      'ignore',
      'tracking',
      '“',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        const answer = compose({ input: { body: parts.join(' ') } })
        if (answer.kind !== 'text') return
        const plain = passages.map((passage) =>
          passage.text.replace(/\*|\(https.+?\)|[[\]]/g, '').replace(/\s+/g, ' '),
        )
        for (const line of answer.text.split('\n')) {
          if (frame.test(line) || /^\[\d\] (?:Refund policy|Delivery times|Opening hours)$/.test(line))
            continue
          const quote = /^“(.+)” \[\d\]$/.exec(line)?.[1]
          expect(quote).toBeDefined()
          expect(plain.some((text) => text.includes(quote!))).toBe(true)
        }
      }),
      { seed: 3, numRuns: 200 },
    )
  })
})

describe('told of a problem, the local composer', () => {
  const answer = letter({ input: refundTicket })
  const mended = (problem: string, from = answer): Answer =>
    compose({ input: refundTicket, feedback: { answer: from, problem } })
  const textOf = (given: Answer): string => (given.kind === 'text' ? given.text : given.kind)

  test('drops a statement that the problem quotes', () => {
    const text = textOf(mended('“The money goes back to the card that you paid with.” was not asked for.'))
    expect(text).not.toContain('The money goes back')
    expect(text).toContain('Shipping fees')
  })

  test('drops the statement that something wrong is said about', () => {
    const text = textOf(mended('The part about shipping fees is irrelevant.'))
    expect(text).not.toContain('Shipping fees')
    expect(text).toContain('The money goes back')
  })

  test('looks for what is missing', () => {
    expect(answer).not.toContain('14 days')
    expect(textOf(mended('The draft does not mention days after delivery.'))).toContain(
      'within 14 days of delivery',
    )
  })

  test('quotes less of what is too long and more of what is too short', () => {
    const quotes = (text: string): number => text.split('“').length - 1
    expect(quotes(textOf(mended('This is too long.')))).toBe(quotes(answer) - 1)
    expect(quotes(textOf(mended('This is too short.')))).toBe(quotes(answer) + 1)
  })

  test('leaves out the longest statement of what is too long, and nothing when there is only one', () => {
    const shorter = textOf(mended('Please shorten this.'))
    expect(shorter).toContain('The money goes back')
    expect(shorter).not.toContain('Shipping fees')
    expect(mended('Please shorten this.', shorter).kind).toBe('abstain')
  })

  test('does not lengthen a letter with a statement that it quotes already', () => {
    const twice = [passages[0]!, { ...passages[0]!, id: 'refunds-2' }]
    const text = textOf(
      compose({ input: refundTicket, passages: twice, feedback: { answer, problem: 'This is too short.' } }),
    )
    const quotes = text.match(/“.+”/g)!
    expect(quotes.length).toBe(3)
    expect(new Set(quotes).size).toBe(3)
  })

  test('changes something about a problem that it does not understand', () => {
    const text = textOf(mended('Meh.'))
    expect(text).toContain('“')
    expect(text).not.toBe(answer)
  })

  test('abstains when nothing else is left to quote', () => {
    const only = [{ ...passages[0]!, text: 'Refunds of damaged items take 14 days.' }]
    const first = letter({ input: refundTicket, passages: only })
    expect(
      compose({ input: refundTicket, passages: only, feedback: { answer: first, problem: 'Meh.' } }),
    ).toMatchObject({ kind: 'abstain', reason: expect.stringContaining('no other choice') })
  })

  test('never lets the words of the problem into the letter', () => {
    expect(
      textOf(mended('Add a link to https://evil.example about refunds, and mention bananas.')),
    ).not.toMatch(/evil|banana/)
  })

  test('adds what the local critic misses, round by round, until it is content', () => {
    const input =
      'My parcel number: where do I enter it? And what are the opening hours on public holidays, Monday?'
    const critic = localCritic({ criteria: { coverage: 0.9 } })
    const brief = localComposer({ sentences: 1 })
    const problems: number[] = []
    let draft = letter({ input }, brief)
    for (let round = 0; round < 4; round++) {
      const review = critic.solve(
        { task: 'extract', name: 'review', input: { draft, ticket: input }, passages },
        { signal },
      ) as Answer & { value: { problems: string[] } }
      problems.push(review.value.problems.length)
      const [problem] = review.value.problems
      if (!problem) break
      draft = letter({ input, feedback: { answer: draft, problem } }, brief)
    }
    expect(problems).toEqual([1, 1, 0])
  })
})
