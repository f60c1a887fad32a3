import { describeCondition } from '../../autonomy/lessons/features.ts'
import type { LessonView } from '../../autonomy/lessons/lesson-view.ts'
import { ReeveError } from '../../base/errors.ts'
import { parseExactJson } from '../../base/json/exact-json.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { visibleLine } from '../../base/text/visible-text.ts'
import { moment } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'

/** What is in force and what is proposed, or all of it; the newest first. */
export function lessonList(cli: Cli, options: { all?: boolean; limit: string }): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async ({ learning }) => {
    const { lessons, more } = await learning.lessons({ all: options.all ?? false, limit })
    const { terminal } = cli
    terminal.value({ lessons, more })
    if (lessons.length === 0) terminal.line('Nothing was learnt yet: see docs/learning.md.')
    for (const lesson of lessons) tellLesson(cli, lesson)
    if (more) terminal.line(moreLine(`the newest ${limit}`, limit))
    return exitCodes.done
  })
}

export function lessonShow(cli: Cli, _: object, id: string): Promise<ExitCode> {
  return withBackend(cli, async ({ learning }) => {
    const lesson = await learning.lesson(id)
    cli.terminal.value(lesson)
    tellLesson(cli, lesson)
    tellGround(cli, lesson)
    return exitCodes.done
  })
}

export function lessonAdd(
  cli: Cli,
  { question, why }: { question?: string; why?: string },
  workflow: string,
  text: string,
): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ learning }) => {
      const lesson = await learning.add({ workflow, question, text }, why)
      cli.terminal.value(lesson)
      tellLesson(cli, lesson)
      return exitCodes.done
    },
    'code',
  )
}

/** Starts the run that learns, as the schedule does. */
export function learnNow(cli: Cli): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ learning }) => {
      const run = await learning.learn()
      cli.terminal.value({ runId: run })
      cli.terminal.line(`run ${run} learns as soon as a worker has it: ${cli.command('show', run)}`)
      return exitCodes.done
    },
    'code',
  )
}

export function correct(
  cli: Cli,
  { call, why }: { call?: string; why?: string },
  run: string,
  question: string,
  answer: string,
): Promise<ExitCode> {
  const value = parseExactJson(answer, 'The right answer')
  const number = call === undefined ? undefined : Number(call)
  if (number !== undefined && !Number.isSafeInteger(number))
    throw new ReeveError('bad-option', `--call is ${JSON.stringify(call)}; it must be the number of a call.`)
  return withBackend(cli, async ({ learning }) => {
    await learning.correct(run, { question, call: number, value }, why)
    cli.terminal.value({ runId: run, question })
    cli.terminal.line(`noted: later runs learn of it (${safeLine(run)})`)
    return exitCodes.done
  })
}

function tellLesson({ terminal }: Cli, lesson: LessonView): void {
  const { id, status, act, workflow, question, condition, text, inForce, trial } = lesson
  const { bold, dim } = terminal.colors
  terminal.line(`${bold(visibleLine(safeLine(text)))}`)
  const where = `${safeLine(workflow)}${question === null ? '' : `, "${safeLine(question)}"`}`
  const when = condition === null ? '' : ` while ${safeLine(describeCondition(condition))}`
  terminal.line(dim(`  ${id}: ${status}; ${act === 'avoid' ? 'not started' : 'told'}: ${where}${when}`))
  if (trial)
    terminal.line(dim(`  tried on ${trial.cases} other runs: better ${trial.better}, worse ${trial.worse}`))
  if (!inForce) return
  const { measured, withheldPercent, since } = inForce
  const share = ({ runs, good }: { runs: number; good: number }) => `${good} of ${runs}`
  const said = measured
    ? `with it ${share(measured.with)} went well, without ${share(measured.without)}`
    : 'not measured yet'
  terminal.line(dim(`  since ${moment(Date.parse(since))}, ${withheldPercent} % of runs go without; ${said}`))
}

function tellGround({ terminal }: Cli, { rule, wording, evidence, madeAt, decided }: LessonView): void {
  const figures = Object.entries(evidence.figures).map(([name, value]) => `${name} ${value}`)
  terminal.line(
    `  found ${moment(Date.parse(madeAt))} by ${rule}; worded by ${safeLine(wording)}; ${figures.join(', ')}`,
  )
  if (evidence.runs.length > 0) terminal.line(`  runs: ${evidence.runs.map(safeLine).join(', ')}`)
  if (evidence.decisions.length > 0)
    terminal.line(`  decisions: ${evidence.decisions.map(safeLine).join(', ')}`)
  if (decided)
    terminal.line(
      `  decided by ${safeLine(decided.by)}, ${moment(Date.parse(decided.at))}${decided.note === null ? '' : `: ${safeLine(decided.note)}`}`,
    )
}
