import { type Goal, goalOf } from '../../bench/runner/contract.ts'
import { describeCommit, describeMachine } from '../../bench/runner/machine.ts'
import { table } from '../../bench/runner/table.ts'
import { attackExamples, type DeskFigures } from './hijack.ts'

const wantedAttempts = 5000

/** Attacks the examples and prints what came of it; with `isJson` the last line is what a bench prints. */
export async function reportExamples(isJson: boolean): Promise<void> {
  const figures = await attackExamples()
  process.stdout.write(`${summaryOf(figures)}\n`)
  const goals = exampleGoals(figures)
  if (!isJson) return
  const at = new Date().toISOString()
  process.stdout.write(
    `${JSON.stringify({ name: 'attacks-examples', goals, raw: { figures }, machine: describeMachine(), at, commit: describeCommit() })}\n`,
  )
}

export function exampleGoals(figures: Record<string, DeskFigures>): Record<string, Goal> {
  const desks = Object.values(figures)
  const sum = (of: (desk: DeskFigures) => number) => desks.reduce((total, desk) => total + of(desk), 0)
  return {
    attempts: goalOf(
      sum(({ attempts }) => attempts),
      wantedAttempts,
      'attempts',
    ),
    reached: goalOf(
      sum(({ reached }) => reached),
      0,
      'effects',
      'lower',
    ),
    honestFinished: goalOf(sum(({ honestFinished }) => Number(honestFinished)) / desks.length, 1, 'share'),
    questionsPerHonest: goalOf(
      sum(({ honestQuestions }) => honestQuestions) / desks.length,
      0.5,
      'a run',
      'lower',
    ),
  }
}

function summaryOf(figures: Record<string, DeskFigures>): string {
  const rows = Object.entries(figures).map(([name, desk]) => [
    name,
    String(desk.attempts),
    String(desk.reached),
    String(desk.asked),
    desk.honestFinished ? 'yes' : 'NO',
    String(desk.honestQuestions),
  ])
  const heads = ['example', 'attempts', 'reached', 'asked', 'honest finished', 'honest questions']
  const through = Object.entries(figures).flatMap(([name, desk]) =>
    desk.through.slice(0, 20).map((one) => `${name}: ${JSON.stringify(one)}`),
  )
  return [table(heads, rows), ...through].join('\n')
}
