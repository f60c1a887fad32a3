import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { shorten } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import { isLooser, type PolicyReport } from '../../governance/policy-test/policy-report.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

export interface PolicyOptions {
  run?: string
  workflow?: string
  since?: string
  limit: string
}

/** `policy test`: shows what the policy of now would make of the calls of past runs. */
export function policy(cli: Cli, options: PolicyOptions, action: string): Promise<ExitCode> {
  if (action !== 'test') throw new ReeveError('bad-option', 'Write: reeve policy test.')
  const { run, workflow, since, limit } = options
  return withBackend(
    cli,
    async ({ rights }) => {
      const report = await rights.testPolicy({
        limit: Number(limit),
        ...(run !== undefined && { run }),
        ...(workflow !== undefined && { workflow }),
        ...(since !== undefined && { since }),
      })
      cli.terminal.value(reportView(report))
      print(cli, report)
      return exitCodes.done
    },
    'code',
  )
}

/** As programs get it: a time is a text, and a step is the call of a run. */
function reportView({ differences, unjudged, ...report }: PolicyReport) {
  return {
    ...report,
    differences: differences.map(({ examples, ...difference }) => ({
      ...difference,
      examples: examples.map(({ step: call, at, ...example }) => ({ ...example, call, at: isoText(at) })),
    })),
    unjudged: unjudged.map(({ examples, ...each }) => ({
      ...each,
      examples: examples.map(({ step: call, ...example }) => ({ ...example, call })),
    })),
  }
}

const longestArgs = 160

function print({ terminal }: Cli, { runs, calls, counts, differences, unjudged }: PolicyReport): void {
  const { bold, dim, yellow } = terminal.colors
  const changed = differences.reduce((sum, { count }) => sum + count, 0)
  terminal.line(`${calls} calls of ${runs} runs; ${changed} would be decided otherwise`)
  for (const [way, count] of Object.entries(counts)) terminal.line(dim(`  ${way}  ${count}`))
  for (const difference of differences) {
    const { tool, agent, workflow, before, after, reasons, count, examples } = difference
    const who = agent === null ? `workflow ${workflow}` : `agent ${agent} in ${workflow}`
    const way = `${before} → ${after}`
    terminal.line(
      `${isLooser(difference) ? yellow(way) : bold(way)}  ${count} of ${safeLine(tool)}, ${safeLine(who)} (${reasons.join(', ') || 'no reason'})`,
    )
    for (const { runId: run, step, args, whyBefore, whyAfter } of examples) {
      terminal.line(`  run ${run}, call ${step}: ${shorten(safeLine(JSON.stringify(args)), longestArgs)}`)
      for (const text of whyAfter) terminal.line(dim(`    now: ${safeLine(text)}`))
      for (const text of whyBefore) terminal.line(dim(`    then: ${safeLine(text)}`))
    }
  }
  for (const { why, count, examples } of unjudged) {
    const where = examples
      .map(({ runId: run, step }) => (step === null ? run : `${run} call ${step}`))
      .join(', ')
    terminal.line(`${yellow('!')} ${count} not judged: ${safeLine(why)} (${where})`)
  }
}
