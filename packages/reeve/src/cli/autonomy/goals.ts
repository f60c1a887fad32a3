import type { GoalChange, GoalStanding } from '../../autonomy/goals/goal-standing.ts'
import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import type { GoalWithChanges } from './autonomy-backend.ts'

interface Options {
  atLeast?: string
  atMost?: string
  review?: string
  owner?: string
  why?: string
}

export function goalList(cli: Cli): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ autonomy }) => {
      const { terminal } = cli
      const goals = await autonomy.goals()
      terminal.value({ goals })
      if (goals.length === 0) terminal.line('The project has no standing goals: see docs/autonomy.md.')
      for (const goal of goals) showGoal(cli, goal)
      return exitCodes.done
    },
    'code',
  )
}

export function goalShow(cli: Cli, _: object, name: string): Promise<ExitCode> {
  return withBackend(cli, async ({ autonomy }) => tellGoal(cli, await autonomy.goal(name)), 'code')
}

export function goalSet(cli: Cli, options: Options, name: string): Promise<ExitCode> {
  const { atLeast, atMost, review, owner, why } = options
  const change: GoalChange = {}
  if (atLeast !== undefined && atMost !== undefined)
    throw new ReeveError('bad-option', '--at-least and --at-most are two targets. Give one of them.')
  if (atLeast !== undefined) change.target = { atLeast: numberIn(atLeast, '--at-least') }
  if (atMost !== undefined) change.target = { atMost: numberIn(atMost, '--at-most') }
  if (review !== undefined) change.review = review
  if (owner !== undefined) change.owner = owner
  return withBackend(
    cli,
    async ({ autonomy }) => tellGoal(cli, await autonomy.changeGoal(name, change, why)),
    'code',
  )
}

function numberIn(text: string, option: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new ReeveError('bad-option', `${option} is ${JSON.stringify(text)}; it must be a number.`)
}

function tellGoal(cli: Cli, goal: GoalWithChanges): ExitCode {
  const { terminal } = cli
  terminal.value(goal)
  showGoal(cli, goal)
  for (const { by, at, why, change } of goal.changes) {
    const said = why === null ? '' : `: ${safeLine(why)}`
    terminal.line(
      `  ${moment(Date.parse(at))} ${safeLine(by)} set ${safeLine(JSON.stringify(change))}${said}`,
    )
  }
  return exitCodes.done
}

function showGoal({ terminal }: Cli, goal: GoalStanding): void {
  const { bold, green, red, dim } = terminal.colors
  const { name, aim, owner, value, target, status, progress, review, isReviewDue, measuredBy, problem } = goal
  const wanted = 'atLeast' in target ? `at least ${target.atLeast}` : `at most ${target.atMost}`
  const shown = status === 'met' ? green(status) : status === 'missed' ? red(status) : status
  const come = progress === null ? '' : `, ${Math.round(progress * 100)} % of the way`
  terminal.line(`${bold(safeLine(name))}: ${shown}: ${value ?? 'not known'}, ${wanted}${come}`)
  terminal.line(`  ${safeLine(aim)}`)
  if (problem !== null) terminal.line(`  ${safeLine(problem)}`)
  const due = isReviewDue ? red(`review was due ${review}`) : `review ${review}`
  terminal.line(dim(`  ${safeLine(measuredBy)}; owner ${safeLine(owner)}; `) + due)
}
