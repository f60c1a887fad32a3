import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import type { QueueLine } from '../backend/backend.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

/** Lists the queues with their limits and what is in them; or holds one, or lets it go on. */
export function queues(
  cli: Cli,
  options: { limit: string },
  action?: string,
  name?: string,
): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async (backend) => {
    if (action !== undefined) {
      if ((action !== 'pause' && action !== 'resume') || name === undefined) {
        throw new ReeveError(
          'bad-option',
          'Write: reeve queues, reeve queues pause NAME, or reeve queues resume NAME.',
        )
      }
      await backend.pauseQueue(name, action === 'pause')
    }
    const all = await backend.queues()
    const rows = all.slice(0, limit)
    const { terminal } = cli
    terminal.value({ queues: rows, more: all.length > limit })
    const cells = rows.map((row) => [
      safeLine(row.name),
      row.paused ? terminal.colors.yellow('paused') : 'open',
      String(row.queued),
      String(row.running),
      limitsOf(row),
    ])
    for (const line of table(['queue', 'state', 'queued', 'running', 'limits'], cells)) terminal.line(line)
    if (all.length > limit)
      terminal.line(terminal.colors.dim(moreLine(`the first ${limit} queues`, limit, all.length)))
    const lacking = all.flatMap(({ name: queue, noWorkerHas }) =>
      noWorkerHas.map((lane) => ({ queue, ...lane })),
    )
    for (const { queue, workflow, version, queued } of lacking.slice(0, limit))
      terminal.line(
        `${safeLine(queue)}: no worker has workflow "${safeLine(workflow)}" version ${safeLine(version)}; ${queued} runs wait for one`,
      )
    return exitCodes.done
  })
}

function limitsOf({ concurrency, perKey, rate }: QueueLine): string {
  const limits: string[] = []
  if (concurrency !== null) limits.push(`${concurrency} at once`)
  if (perKey !== null) limits.push(`${perKey} per key`)
  if (rate !== null) limits.push(`${rate.count} per ${rate.perMs} ms`)
  return limits.join(', ') || 'none'
}
