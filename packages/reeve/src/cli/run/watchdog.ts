import { ReeveError } from '../../base/errors.ts'

/** Never reached by `reeve watchdog`: `bin/reeve.js` hands that to `bin/watchdog.js` before anything of Reeve is loaded. */
export async function watchdog(): Promise<never> {
  throw new ReeveError(
    'bad-option',
    'The watchdog loads nothing of Reeve, so its name comes first: reeve watchdog [options] -- COMMAND',
  )
}
