import { ReeveError } from '../../base/errors.ts'
import type { GivenOverride } from '../../engine/overriding/request-override.ts'
import { withRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import type { ExitCode } from '../terminal/exit-codes.ts'
import { exitCodes } from '../terminal/exit-codes.ts'
import { readValue } from '../terminal/input.ts'

interface Options {
  result?: string
  error?: string
  skipWait?: boolean
  why: string
}

/** Says what a call of a run comes to, in the place of what it waits for. */
export function override(cli: Cli, options: Options, text: string, given: string): Promise<ExitCode> {
  return withRun(cli, text, async (backend, run) => {
    const call = Number(given)
    if (!Number.isInteger(call)) {
      const see = cli.command('show', run)
      throw new ReeveError('bad-option', `"${given}" is no call; give the number of one: ${see}`)
    }
    const what = await overridingOf(options)
    await backend.override(run, call, what)
    cli.terminal.value({ runId: run, call, how: what.how, sent: true })
    cli.terminal.line(
      `what call ${call} of run ${run} comes to is in its inbox; what became of it: ${cli.command('show', run)}`,
    )
    return exitCodes.done
  })
}

async function overridingOf({ result, error, skipWait, why: reason }: Options): Promise<GivenOverride> {
  if ([result, error, skipWait].filter((each) => each !== undefined).length !== 1)
    throw new ReeveError('bad-option', 'Give one of --result, --error and --skip-wait.')
  if (error !== undefined) return { how: 'error', error, reason }
  if (result === undefined) return { how: 'skip-wait', reason }
  return { how: 'result', result: await readValue(result, 'The result'), reason }
}
