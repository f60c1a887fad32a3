import { ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

/** After a failed write nobody knows what is on disk: the process ends (70), and the next one recovers from what is there. */
export function endProcess(log: Log, error: unknown): never {
  if (error instanceof ReeveError) log.error(error.message, { code: error.code })
  else
    log.error('the database failed; this process ends so that the next one recovers from what is on disk', {
      error: String(error),
    })
  process.exit(70)
}
