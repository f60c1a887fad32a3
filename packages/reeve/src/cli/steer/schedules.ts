import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { inZone, moment } from '../../base/time/time.ts'
import { unknownSchedule } from '../backend/unknown-names.ts'
import { withBackend } from '../backend/with-backend.ts'
import { type Cli, operands } from '../cli.ts'
import { run } from '../run/run.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'

interface Options {
  outcomes: string
  limit: string
  detach?: boolean
  follow?: boolean
}

/**
 * Lists the schedules: the next time in its own zone, and what became of the last ones, skips with their reasons. `pause`,
 * `resume` and `run` do that to one: a run of it is an ordinary one, beside its times.
 */
export function schedules(cli: Cli, options: Options, action?: string, name?: string): Promise<ExitCode> {
  if (action === undefined) return list(cli, options)
  if (name === undefined || !['pause', 'resume', 'run'].includes(action)) {
    const known = 'reeve schedules, reeve schedules pause NAME, resume NAME or run NAME'
    throw new ReeveError('bad-option', `"${action}" is not an action of schedules with a name: ${known}.`)
  }
  return action === 'run' ? runOne(cli, options, name) : setPaused(cli, name, action === 'pause')
}

function setPaused(cli: Cli, name: string, paused: boolean): Promise<ExitCode> {
  return withBackend(
    cli,
    async (backend) => {
      const { schedules: rows } = await backend.schedules(1, Number.MAX_SAFE_INTEGER)
      const wasPaused = rows.find((each) => each.name === name)?.paused ?? false
      await backend.pauseSchedule(name, paused)
      cli.terminal.value({ schedule: name, paused, wasPaused })
      const after = paused
        ? `${wasPaused ? 'was paused already' : 'is paused'}; start it again with: ${cli.command('schedules', 'resume', ...operands(name))}`
        : wasPaused
          ? 'starts runs again, from its next time on'
          : 'was not paused'
      cli.terminal.line(`schedule ${safeLine(name)} ${after}`)
      return exitCodes.done
    },
    'code',
  )
}

async function runOne(
  cli: Cli,
  { detach = false, follow = false }: Options,
  name: string,
): Promise<ExitCode> {
  const row = await withBackend(
    cli,
    async (backend) => {
      const { schedules: rows } = await backend.schedules(1, Number.MAX_SAFE_INTEGER)
      const found = rows.find((each) => each.name === name)
      if (found) return found
      throw unknownSchedule(
        name,
        rows.map((each) => each.name),
      )
    },
    'code',
  )
  const { input = {} } = row.definition as { input?: Json }
  return run(cli, { input: JSON.stringify(input), detach, follow }, row.workflow)
}

function list(cli: Cli, options: Options): Promise<ExitCode> {
  const outcomes = toLimit(options.outcomes, '--outcomes')
  const limit = toLimit(options.limit)
  return withBackend(
    cli,
    async (backend) => {
      const { terminal } = cli
      const { bold, dim, yellow } = terminal.colors
      const { schedules: rows, total } = await backend.schedules(outcomes, limit)
      terminal.value({ schedules: rows, more: total > limit })
      if (rows.length === 0)
        terminal.line('The project has no schedules: see `schedules` in reeve.config.ts.')
      for (const { name, workflow, definition, paused, next, last } of rows) {
        const { cron, zone = 'UTC' } = definition as { cron: string; zone?: string }
        const at = paused ? yellow('paused') : next === null ? 'no time left' : inZone(Date.parse(next), zone)
        terminal.line(`${bold(safeLine(name))} starts ${workflow} at "${cron}" (${zone}), next: ${at}`)
        for (const { nominal, outcome, reason, runId: run } of last) {
          const what =
            outcome === 'started' ? `started run ${run}` : yellow(`skipped: ${safeLine(reason ?? '')}`)
          terminal.line(`  ${dim(moment(Date.parse(nominal)))} ${what}`)
        }
      }
      if (total > limit)
        terminal.line(dim(`the first ${limit} schedules of ${total}; see more with --limit ${total}`))
      return exitCodes.done
    },
    'code',
  )
}
