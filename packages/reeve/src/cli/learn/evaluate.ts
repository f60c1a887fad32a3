import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { formatUsd } from '../../base/money.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { readBaseline, writeBaseline } from '../../evals/baseline.ts'
import { readCases } from '../../evals/cases.ts'
import { correctedCases } from '../../evals/corrected-cases.ts'
import type { Evaluation } from '../../evals/evaluation.ts'
import { keepEvalResult } from '../../evals/keep.ts'
import type { Baseline } from '../../evals/result.ts'
import { type EvalResult, evalResult, lastResult, type ScorerResult } from '../../inspect/evals/eval-view.ts'
import { evaluate } from '../../runtime/evals/evaluating.ts'
import { loadEvaluations } from '../../runtime/evals/load-evaluations.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import type { Database } from '../../store/database.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { writing } from '../terminal/input.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { table } from '../terminal/table.ts'

export interface EvalOptions {
  baseline?: string
  writeBaseline?: boolean
  junit?: string
  journals?: string
}

const mostShown = 10

/** Runs one evaluation, or all; fails where one is worse than its baseline beyond chance, or misses what it must reach. */
export async function evaluations(cli: Cli, options: EvalOptions, name?: string): Promise<ExitCode> {
  return withRuntime(cli, async (runtime, _onStop, { principal }) => {
    const { folder } = runtime.project
    const all = await loadEvaluations(folder)
    const wanted = name === undefined ? all : all.filter((each) => each.name === name)
    if (wanted.length === 0) throw unknown(name, all)
    const results: EvalResult[] = []
    for (const evaluation of wanted) {
      const result = await one(cli, runtime, evaluation, { ...options, by: principal })
      results.push(result)
      tell(cli, result)
    }
    cli.terminal.value({ results })
    const file = options.junit
    if (file !== undefined) {
      const { junit } = await import('./junit.ts')
      await writing(file, () => writeFileSync(file, junit(results)))
    }
    return results.every(({ verdict }) => verdict === 'passed') ? exitCodes.done : exitCodes.failed
  })
}

async function one(
  cli: Cli,
  runtime: Runtime,
  evaluation: Evaluation,
  { baseline: named, writeBaseline: writes, journals, by }: EvalOptions & { by: string },
): Promise<EvalResult> {
  const { database, clock } = internalsOf(runtime)
  const folder = join(runtime.project.folder, 'evals')
  const data = await readCases(evaluation, folder, (wanted) => correctedCases(database, wanted, clock.now()))
  const file = evaluation.baseline?.endsWith('.json') ? resolve(folder, evaluation.baseline) : undefined
  const baseline = await baselineOf(database, evaluation, { named, file, writes })
  cli.terminal.remark(`${evaluation.name}: ${data.cases.length} cases, data ${data.hash.slice(0, 12)}`)
  const step = Math.max(1, Math.ceil(data.cases.length / 10))
  const result = await evaluate(runtime, {
    evaluation,
    data,
    baseline,
    by,
    journals,
    onCase: (_case, done) => {
      if (done % step === 0 || done === data.cases.length)
        cli.terminal.remark(`${evaluation.name}: ${done} of ${data.cases.length}`)
    },
  })
  await keepEvalResult(database, result)
  if (writes) writeBaseline(file ?? resolve(folder, `${evaluation.name}.baseline.json`), result)
  return result
}

/** @throws `unknown-eval` `bad-eval` */
async function baselineOf(
  database: Database,
  { name, baseline }: Evaluation,
  {
    named,
    file,
    writes,
  }: { named: string | undefined; file: string | undefined; writes: boolean | undefined },
): Promise<Baseline | undefined> {
  const wanted = named ?? baseline ?? 'last'
  if (wanted === 'last') return lastResult(database, name)
  if (wanted.endsWith('.json')) {
    // The first one is yet to be written.
    if (writes && named === undefined) return undefined
    return readBaseline(named === undefined ? file! : resolve(named))
  }
  return evalResult(database, wanted)
}

function unknown(name: string | undefined, all: readonly Evaluation[]): ReeveError {
  if (name === undefined)
    return new ReeveError('unknown-eval', 'This project has no evaluations: add a file evals/NAME.eval.ts.')
  const known = all.map((each) => each.name).join(', ') || 'none'
  return new ReeveError('unknown-eval', `There is no evaluation "${name}". This project has: ${known}.`)
}

function tell({ terminal }: Cli, result: EvalResult): void {
  const { name, verdict, count, costUsd, seconds, baseline, changed, id } = result
  const { colors } = terminal
  const said = verdict === 'passed' ? colors.green(verdict) : colors.red(verdict)
  terminal.line(`${safeLine(name)}  ${said}  ${count} cases, ${formatUsd(costUsd)}, ${seconds} s  ${id}`)
  const rows = Object.entries(result.scorers).map(([scorer, each]) => rowOf(scorer, each))
  for (const line of table(['scorer', 'mean', 'measured', 'change', '95 %', 'says'], rows))
    terminal.line(line)
  if (baseline) {
    const other = baseline.sameData ? '' : '; its cases were others, so that only those in both are compared'
    terminal.line(colors.dim(`against ${baseline.id}${other}`))
  }
  const failing = result.cases.flatMap(({ id, scores }) =>
    Object.entries(scores).flatMap(([scorer, { score, why }]) =>
      score < 1 && why ? [{ id, scorer, why }] : [],
    ),
  )
  for (const { id, scorer, before, now } of changed.slice(0, mostShown))
    terminal.line(`  ${safeLine(id)}  ${safeLine(scorer)}: ${figure(before)} → ${figure(now)}`)
  for (const { id, scorer, why } of failing.slice(0, mostShown))
    terminal.line(`  ${safeLine(id)}  ${safeLine(scorer)}: ${briefLine(why, 160)}`)
  const more = Math.max(0, failing.length - mostShown) + Math.max(0, changed.length - mostShown)
  if (more > 0) terminal.line(colors.dim(`  and ${more} more (--json has all)`))
}

function rowOf(scorer: string, { mean, measured, missed, change }: ScorerResult): string[] {
  const says = [change?.verdict ?? '', missed === undefined ? '' : `below ${missed}`].filter(
    (each) => each !== '',
  )
  return [
    safeLine(scorer),
    figure(mean),
    measured === undefined ? '' : String(Number(measured.toPrecision(4))),
    change ? signed(change.mean) : '',
    change ? `${signed(change.low)} … ${signed(change.high)}` : '',
    says.join(', '),
  ]
}

function figure(value: number): string {
  return value.toFixed(3)
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${figure(value)}`
}
