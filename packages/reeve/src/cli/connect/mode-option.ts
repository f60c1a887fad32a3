import { ReeveError } from '../../base/errors.ts'
import type { Mode } from '../../connectors/shape/mode.ts'

/** What `--mode` says. @throws `bad-option` */
export function modeOf(given: string | undefined): Mode | undefined {
  if (given === undefined || given === 'live' || given === 'sandbox') return given
  throw new ReeveError('bad-option', `--mode is ${JSON.stringify(given)}; it is live or sandbox.`)
}
