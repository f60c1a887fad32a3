import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { levels } from '../../governance/readiness/readiness.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

export interface CheckOptions {
  level?: string
  evals?: string
  why?: string
}

/** Says how far an agent or workflow may be trusted, and why; an owner gives it another level with `--level`. */
export function check(cli: Cli, options: CheckOptions, name: string): Promise<ExitCode> {
  const level = oneOf('--level', options.level, levels)
  const { evals, why } = options
  return withBackend(
    cli,
    async ({ rights }) => {
      const { kind, name: its, version, ...found } = await rights.check(name, { level, evals, why })
      const { terminal } = cli
      terminal.value({ [kind]: its, version, ...found })
      const { held, effective, proposed, lacks, figures } = found
      const of = kind === 'workflow' ? `version ${safeLine(version)}` : 'an agent'
      if (!found.levelled) {
        terminal.line(
          `${safeLine(its)}: no level, because it has no checklist and was given none: grants and the rules of its tools alone hold for it. To turn levels on, write \`readiness\` in its code: it begins at observe, and its calls that act outside are denied. What it would have then:`,
        )
      }
      terminal.line(`${safeLine(its)} (${of}): ${terminal.colors.bold(effective)}`)
      if (held !== effective) terminal.line(`${terminal.colors.yellow('!')} it was ${held} and fell back`)
      terminal.line(
        `${figures.inARow} approved without an edit in a row, ${figures.total} in total; of ${figures.trials} outcomes at least ${Math.floor(figures.surely * 100)} % good`,
      )
      if (proposed !== null)
        terminal.line(
          `it has earned ${proposed}; an owner gives it: ${cli.command('check', name, '--level', proposed)}`,
        )
      for (const { level: other, why } of lacks) {
        terminal.line(`not ${other}:`)
        for (const each of why) terminal.line(`  ${safeLine(each)}`)
      }
      return exitCodes.done
    },
    'code',
  )
}

function oneOf<T extends string>(
  option: string,
  given: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (given === undefined) return undefined
  const found = allowed.find((each) => each === given)
  if (found === undefined)
    throw new ReeveError('bad-option', `${option} is "${given}"; it must be one of ${allowed.join(', ')}.`)
  return found
}
