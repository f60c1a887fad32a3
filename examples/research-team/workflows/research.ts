import { type Passage, workflow } from 'reeve'
import { critique, fanOut } from 'reeve/patterns'
import { z } from 'zod'

const criteria = ['every finding names its source', 'every question is answered or said to be open'] as const

interface Finding {
  question: string
  answer: string
  sources: string[]
}

/** A coordinator cuts a request into questions, readers answer each from the knowledge, a critic judges the report. */
export default workflow({
  input: z.string().min(1),
  limits: { cost: '$0.20', steps: 200, time: '1d' },
  // It reads the knowledge and writes a report: it has no tool, and may not be given one unnoticed.
  grants: [],
  async run(ctx, request) {
    const { output: findings, results } = await fanOut(ctx, 'research', {
      task: request,
      plan: { route: 'coordinator' },
      workers: { reader: { does: 'answers one question from the knowledge', run: ({ task }) => read(task) } },
      concurrency: 3,
      synthesise: ({ results }) =>
        results.flatMap((result) => (result.status === 'done' ? [result.output as unknown as Finding] : [])),
    })
    const report = await critique(ctx, 'report', {
      task: request,
      criteria,
      draft: ({ feedback }) => write(findings, results.length, feedback !== null),
      review: ({ draft }) => judge(draft, findings, results.length),
    })
    return { report: report.draft, score: report.score, rounds: report.rounds.length, spentUsd: ctx.spentUsd }

    async function read(question: string) {
      const passages: Passage[] = await ctx.recall(`passages for "${question}"`, {
        query: question,
        limit: 3,
      })
      const answer = await ctx.generate(`answer "${question}"`, {
        route: 'reader',
        with: { question, passages },
      })
      return { question, answer, sources: [...new Set(passages.map(({ source }) => source))] }
    }
  },
})

/** The first draft is the plain one; told what it lacks, the next says what is open. */
function write(findings: Finding[], asked: number, sayOpen: boolean): string {
  const parts = findings.map(
    ({ question, answer, sources }) => `## ${question}\n\n${answer}\n\nFrom: ${sources.join(', ')}`,
  )
  const open = asked - findings.length
  if (sayOpen && open > 0)
    parts.push(`## Open\n\n${open} of ${asked} questions could not be answered from the knowledge.`)
  return parts.join('\n\n')
}

/** Code judges what code can judge: no model grades its own work here. */
function judge(draft: string, findings: Finding[], asked: number) {
  const sourced = findings.every(
    ({ sources }) => sources.length > 0 && sources.every((source) => draft.includes(source)),
  )
  const complete = findings.length === asked || draft.includes('## Open')
  const feedback = [sourced ? '' : 'Name the sources.', complete ? '' : 'Say which questions are open.']
    .join(' ')
    .trim()
  return { scores: [sourced ? 1 : 0, complete ? 1 : 0], feedback }
}
