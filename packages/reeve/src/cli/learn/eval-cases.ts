import { writeFileSync } from 'node:fs'
import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { writing } from '../terminal/input.ts'

interface Options {
  workflow?: string
  question?: string
  since: string
  out?: string
}

/** What people corrected, as cases of an evaluation: JSON, one a line. */
export function evalCases(cli: Cli, { workflow, question, since, out }: Options): Promise<ExitCode> {
  if ((workflow === undefined) === (question === undefined))
    throw new ReeveError('bad-option', 'Give --workflow or --question: what is to be judged by the cases.')
  return withBackend(cli, async ({ learning }) => {
    const { terminal } = cli
    const what = workflow === undefined ? { question: question! } : { workflow }
    const cases = await learning.corrected(what, since)
    terminal.value({ cases })
    const lines = cases.map((each) => JSON.stringify(each))
    if (out === undefined) for (const line of lines) terminal.line(safeLine(line))
    else {
      await writing(out, () => writeFileSync(out, lines.map((line) => `${line}\n`).join('')))
      terminal.line(`${cases.length} cases in ${out}`)
    }
    return exitCodes.done
  })
}
