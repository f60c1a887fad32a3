import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cost, type EvalCase, evaluation, exact, fits, latency } from 'reeve/evals'
import { z } from 'zod'
import { readInbox } from '../ingest/read-inbox.ts'

const project = join(import.meta.dirname, '..')

interface Expected {
  file: string
  category?: string
  urgency?: number
  automatic?: boolean
}

/** The letters of `inbox/`, with what people say of them. */
async function letters(): Promise<EvalCase[]> {
  const lines = (await readFile(join(project, 'examples/expected.jsonl'), 'utf8')).trim().split('\n')
  const expected = lines.map((line) => JSON.parse(line) as Expected)
  const readings = await Array.fromAsync(readInbox(join(project, 'inbox')))
  return expected.flatMap(({ file, category, urgency, automatic }, index) => {
    const reading = readings[index]
    if (automatic || category === undefined || urgency === undefined || !reading?.ok) return []
    const { id, from, subject, body, notes } = reading.ticket
    const input = { id, from, subject, body, notes }
    return [{ id: basename(file, '.eml'), input, expected: { facts: { category, urgency } } }]
  })
}

const receipt = () => ({ key: 'eval', receivedAt: '2026-01-01T00:00:00Z', replayed: false })

/** The whole triage over the letters of the inbox, with local solvers alone where no key is set. Nobody is written to. */
export default evaluation({
  data: letters,
  task: 'support-triage',
  mocks: {
    tools: { 'helpdesk.reply': receipt, 'chat.post': receipt },
    answers: { draft: () => 'Somebody of us will look at it and write to you.' },
  },
  scorers: [
    exact({ at: 'facts.category' }),
    exact({ at: 'facts.urgency' }),
    fits(z.object({ outcome: z.enum(['answered', 'critical']) })),
    cost({ most: '$0.05' }),
    latency({ most: '30s' }),
  ],
  least: { 'exact facts.category': 0.75 },
  baseline: 'inbox.baseline.json',
})
