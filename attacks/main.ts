import { UsageError } from '../bench/runner/contract.ts'
import { describeCommit, describeMachine } from '../bench/runner/machine.ts'
import { readSuites } from './cases.ts'
import { reportExamples } from './examples/report-examples.ts'
import { type JudgedCase, judgeSuite, type Part } from './judge.ts'
import { explain, figuresOf, goalsOf, summaryOf } from './report.ts'

const usage =
  'npm run attacks -- [--json] [--data FOLDER | --cases FILE --tools FILE [--tasks FILE] [--grants FILE]] [--explain KIND] [--part tuned|held-out]\nnpm run attacks -- --examples [--json]'

function parseOptions(args: readonly string[]): Record<string, string | true> {
  const options: Record<string, string | true> = {}
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!
    const name = argument.slice(2)
    if (!argument.startsWith('--') || !known.has(name))
      throw new UsageError(`"${argument}" is no option.\n${usage}`)
    const next = args[index + 1]
    if (name === 'json' || next === undefined || next.startsWith('--')) options[name] = true
    else {
      options[name] = next
      index++
    }
  }
  return options
}

const known = new Set(['json', 'data', 'cases', 'tools', 'tasks', 'grants', 'explain', 'part', 'examples'])

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args)
  if (options.examples) return reportExamples(options.json === true)
  const part = options.part as Part | undefined
  if (part !== undefined && part !== 'tuned' && part !== 'held-out')
    throw new UsageError(`--part is tuned or held-out.\n${usage}`)
  const judged: JudgedCase[] = readSuites(options).flatMap(judgeSuite)
  const cases = part === undefined ? judged : judged.filter((one) => one.part === part)
  const figures = figuresOf(cases)
  if (options.json) {
    const raw = { figures, cases: cases.map(({ findings: _, ...one }) => one) }
    const at = new Date().toISOString()
    process.stdout.write(
      `${JSON.stringify({ name: 'attacks', goals: goalsOf(figures), raw, machine: describeMachine(), at, commit: describeCommit() })}\n`,
    )
    return
  }
  if (typeof options.explain === 'string')
    process.stdout.write(`${explain(cases, options.explain, part)}\n\n`)
  process.stdout.write(`${summaryOf(figures)}\n`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const mistaken = error instanceof UsageError
  process.stderr.write(`${mistaken ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = mistaken ? 2 : 1
}
