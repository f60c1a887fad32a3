import { requireJudged } from '../../agents/levelled.ts'
import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { checkReadiness, giveLevel, type Judged } from '../../governance/readiness/held-level.ts'
import { levels } from '../../governance/readiness/readiness.ts'
import { lastColour } from '../../inspect/evals/eval-view.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import type { Session } from '../../store/database.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

export interface CheckOptions {
  level?: string
  evals?: string
  why?: string
}

/** Says how far an agent or workflow may be trusted, and why; an owner gives it another level with `--level`. */
export function check(cli: Cli, options: CheckOptions, name: string): Promise<ExitCode> {
  const level = oneOf('--level', options.level, levels)
  return withRuntime(cli, async (runtime, _onStop, actor) => {
    const { database, clock, engine } = internalsOf(runtime)
    const code = { workflows: engine.workflows, agents: runtime.project.agents }
    if (options.evals !== undefined) refuseLowRole(actor, 'operator')
    const evals = options.evals === undefined ? undefined : await evalsFrom(database, options.evals)
    const judged: Judged = { ...requireJudged(name, code), ...(evals && { evals }) }
    if (level !== undefined) {
      refuseLowRole(actor, 'owner')
      await giveLevel(database, judged, level, actingAs(actor, database, options.why))
    }
    const found = await checkReadiness(database, judged, clock.now())
    const { terminal } = cli
    const { kind, version } = judged
    terminal.value({ [kind]: judged.name, version, ...found })
    const { held, effective, proposed, lacks, figures } = found
    const of = kind === 'workflow' ? `version ${safeLine(version)}` : 'an agent'
    terminal.line(`${safeLine(judged.name)} (${of}): ${terminal.colors.bold(effective)}`)
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
  })
}

/** Told as such, or what an evaluation came to last. */
async function evalsFrom(session: Session, given: string): Promise<'green' | 'red'> {
  return given === 'green' || given === 'red' ? given : lastColour(session, given)
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
