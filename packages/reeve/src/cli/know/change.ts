import { ReeveError } from '../../base/errors.ts'
import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { itemView } from '../../inspect/memory/item-view.ts'
import type { RollbackOf } from '../../store/memory/item-changes.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toTime } from './to-time.ts'

interface Because {
  why: string
}

export function amend(cli: Cli, { why }: Because, id: string, text: string): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ memory }) => {
      const item = await memory.amend(id, text, why)
      cli.terminal.value(itemView(item))
      cli.terminal.line(
        `${safeLine(id)} has version ${item.version} now. What it said before: ${cli.command('memory', 'history', id)}`,
      )
      return exitCodes.done
    },
    'code',
  )
}

export function retract(cli: Cli, { why }: Because, id: string): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ memory }) => {
      const item = await memory.retract(id, why)
      cli.terminal.value(itemView(item))
      cli.terminal.line(
        `${safeLine(id)} is not found any more. To reverse this: ${cli.command('memory', 'amend', id)} TEXT --why …`,
      )
      return exitCodes.done
    },
    'code',
  )
}

/** Takes words away for good: on a terminal only when told to. */
export function redact(cli: Cli, { why, yes }: Because & { yes?: boolean }, id: string): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ memory }) => {
      const { terminal } = cli
      const versions = await memory.history(id)
      terminal.line(
        `${versions.length === 1 ? 'One version' : `${versions.length} versions`}: ${briefLine(versions.at(-1)!.text, 200)}`,
      )
      if (yes !== true && canAsk(terminal) && !(await confirmed('Take these words away for good?'))) {
        terminal.line('Nothing was changed.')
        return exitCodes.done
      }
      const item = await memory.redact(id, why)
      terminal.value(itemView(item))
      terminal.line(
        `The words of ${safeLine(id)} are gone. Journals of runs that recalled them still have them.`,
      )
      return exitCodes.done
    },
    'code',
  )
}

interface RollbackCommand extends Because {
  item?: string
  source?: string
  run?: string
  since?: string
  dryRun?: boolean
  despiteApprovals?: boolean
  yes?: boolean
}

/** Shows what would go, asks, and takes it back in one transaction. */
export function rollback(cli: Cli, options: RollbackCommand): Promise<ExitCode> {
  const of = toRollback(options)
  return withBackend(
    cli,
    async ({ memory }) => {
      const { terminal } = cli
      const { count, ids, approvals } = await memory.preview(of)
      for (const id of ids.slice(0, 20)) {
        const last = (await memory.history(id)).at(-1)!
        terminal.line(`${safeLine(id)} version ${last.version}: ${briefLine(last.text, 120)}`)
      }
      if (count > 20) terminal.line(`and ${count - 20} more`)
      if (approvals.length > 0)
        terminal.line(`Pending approvals rest on it: ${approvals.slice(0, 20).map(safeLine).join(', ')}`)
      if (count === 0 || options.dryRun) {
        terminal.value({ count, ids, approvals, ended: 0, restored: 0 })
        if (count === 0) terminal.line('There is nothing to roll back.')
        return exitCodes.done
      }
      if (options.yes !== true && canAsk(terminal) && !(await confirmed('Take this back?'))) {
        terminal.line('Nothing was changed.')
        return exitCodes.done
      }
      const despiteApprovals = options.despiteApprovals === true
      const done = await memory.rollBack(of, options.why, { despiteApprovals })
      terminal.value({ count, ids, ...done })
      const restored =
        done.restored === 0 ? '' : `; the version before ${done.restored} of them is valid again`
      terminal.line(`${done.ended} rolled back${restored}.`)
      return exitCodes.done
    },
    'code',
  )
}

function toRollback({ item, source, run, since }: RollbackCommand): RollbackOf {
  const given = [
    item !== undefined && { item },
    source !== undefined && { source },
    run !== undefined && { run },
    since !== undefined && { since: toTime(since, '--since') },
  ].filter((one) => one !== false)
  if (given.length === 1) return given[0]!
  throw new ReeveError(
    'bad-option',
    'A rollback takes one of --item ID, --source SOURCE, --run RUN or --since TIME.',
  )
}
