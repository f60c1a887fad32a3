import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { isoText, moment } from '../../base/time/time.ts'
import { unaskedRepeats } from '../../engine/outside/fork-plan.ts'
import type { Backend, ForkPreview } from '../backend/backend.ts'
import { labelOf, withRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import { carryOn } from '../run/drive.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readValue } from '../terminal/input.ts'

export function cancel(cli: Cli, _options: object, run: string): Promise<ExitCode> {
  return withRun(cli, run, async (backend, id, label) => {
    const status = await backend.cancel(id)
    cli.terminal.value({ runId: id, status, cancelled: true })
    const ends = status === 'cancelled' ? 'is cancelled' : 'ends as soon as what it does now has finished'
    cli.terminal.line(`run ${label} ${ends}`)
    return exitCodes.done
  })
}

export function pause(cli: Cli, _options: object, run: string): Promise<ExitCode> {
  return withRun(cli, run, async (backend, id, label) => {
    const { paused: wasPaused } = await backend.run(id)
    await backend.pause(id)
    cli.terminal.value({ runId: id, paused: true, wasPaused })
    cli.terminal.line(
      `run ${label} ${wasPaused ? 'was paused already' : 'is paused'}; resume with: ${cli.command('resume', id)}`,
    )
    return exitCodes.done
  })
}

export function resume(cli: Cli, _options: object, run: string): Promise<ExitCode> {
  return withRun(cli, run, async (backend, id, label) => {
    const { paused: wasPaused, status, reason } = await backend.run(id)
    await backend.resume(id)
    cli.terminal.value({ runId: id, paused: false, wasPaused })
    if (!wasPaused) {
      const why = reason === null ? '' : ` (${safeLine(reason)})`
      cli.terminal.line(`run ${label} was not paused; it is ${status}${why}`)
      return exitCodes.done
    }
    cli.terminal.line(`run ${label} is resumed`)
    await sayWhoGoesOn(cli, backend)
    return exitCodes.done
  })
}

/** For people: that no worker is running, where none is. */
async function sayWhoGoesOn(cli: Cli, backend: Backend): Promise<void> {
  if (cli.terminal.json || (await backend.workers()).length > 0) return
  cli.terminal.line(`No worker is running; the run continues when one does: ${cli.command('dev')}`)
}

export function retry(cli: Cli, options: { children?: boolean }, run: string): Promise<ExitCode> {
  return withRun(cli, run, async (backend, id, label) => {
    await backend.retry(id, options)
    await sayOfParent(cli, backend, id)
    return carryOn(cli, backend, id, { said: `run ${label} is tried again`, value: { retried: true } })
  })
}

/** A parent that has ended hears nothing of a child that is tried again. */
async function sayOfParent(cli: Cli, backend: Backend, id: string): Promise<void> {
  const { parentId } = await backend.run(id)
  const parent = parentId === null ? undefined : await backend.run(parentId)
  if (!parent || parent.endedAt === null) return
  const fork = cli.command('fork', parent.id, '--from', 'CALL')
  cli.terminal.line(
    `its parent, run ${labelOf(parent)}, has ended and keeps the result that it had. When the child has succeeded, fork the parent from the call of its result: ${fork} (the calls: ${cli.command('show', parent.id)})`,
  )
}

/** Effects that were sent already are named; a person says whether they are to be sent again. */
export function fork(cli: Cli, options: { from: string; yes?: boolean }, run: string): Promise<ExitCode> {
  return withRun(cli, run, async (backend, id) => {
    const from = Number(options.from)
    if (!Number.isInteger(from)) {
      throw new ReeveError(
        'bad-option',
        `--from is "${options.from}"; it must be the number of a call: ${cli.command('show', id)}`,
      )
    }
    const plan = await backend.previewFork(id, from)
    tellPlan(cli, plan, from)
    let repeatEffects = options.yes === true
    if (!repeatEffects && unaskedRepeats(plan).length > 0 && canAsk(cli.terminal)) {
      repeatEffects = await confirmed('Send these again?')
      if (!repeatEffects) {
        cli.terminal.line('Nothing was done.')
        return exitCodes.done
      }
    }
    const forked = await backend.fork(id, from, { repeatEffects })
    const said = `run ${forked} is run ${id} up to call ${plan.from}, and goes its own way from there`
    const { asksAgain, standing } = plan
    const repeats = plan.repeats.map((each) => ({ ...each, sentAt: isoText(each.sentAt) }))
    return carryOn(cli, backend, forked, {
      said,
      value: { originId: id, from: plan.from, asksAgain, standing, repeats },
    })
  })
}

function tellPlan(
  { terminal }: Cli,
  { from, asksAgain, standing, repeats }: ForkPreview,
  wanted: number,
): void {
  const mark = terminal.colors.yellow('!')
  if (from < wanted)
    terminal.line(
      `${mark} it forks from call ${from}: the approved call was not made before call ${wanted}, and is asked again`,
    )
  for (const { call, name, by } of asksAgain) {
    terminal.line(
      `${mark} the fork asks again for ${safeLine(name)} (call ${call}), which ${safeLine(by ?? 'a person')} approved in the other run`,
    )
  }
  for (const { call, name, by } of standing) {
    terminal.line(
      `${mark} ${safeLine(name)} (call ${call}) was approved by ${safeLine(by ?? 'a person')} for the other run: the fork asks before each effect of its own`,
    )
  }
  for (const { runId: run, call, name, class: declared, sentAt, isAsked } of repeats) {
    const again = isAsked ? 'is sent again if it is approved again' : 'is sent again'
    terminal.line(
      `${mark} ${safeLine(name)} (${declared}, call ${call} of run ${run}) was sent at ${moment(sentAt)} and ${again}, under another key`,
    )
  }
}

export function signal(
  cli: Cli,
  options: { id?: string },
  text: string,
  name: string,
  payload: string | undefined,
): Promise<ExitCode> {
  return withRun(cli, text, async (backend, run, label) => {
    const value = payload === undefined ? null : await readValue(payload, 'The payload')
    const { isNew, awaited } = await backend.signal(run, name, value, options.id)
    const isAwaited = awaited.includes(name)
    cli.terminal.value({ runId: run, signal: name, isNew, isAwaited, awaited })
    const how = isNew ? 'is in its inbox' : 'was there already (same --id); nothing was added'
    cli.terminal.line(`signal ${safeLine(name)} to run ${label} ${how}`)
    if (isNew && isAwaited) await sayWhoGoesOn(cli, backend)
    if (isNew && !isAwaited) {
      const others = awaited.map((each) => `"${safeLine(each)}"`).join(', ') || 'none'
      const { yellow } = cli.terminal.colors
      cli.terminal.line(
        yellow(
          `the run does not wait for a signal "${safeLine(name)}" now; it waits for: ${others}. It is kept in case the run comes to wait for it`,
        ),
      )
    }
    return exitCodes.done
  })
}
