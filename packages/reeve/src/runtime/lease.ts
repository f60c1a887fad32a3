import type { Log } from '../base/log.ts'
import { wholeNumber } from '../base/numbers.ts'
import { formatMs, systemClock } from '../base/time/time.ts'
import { LeaseKeeper } from '../store/dispatch/lease/lease-keeper.ts'
import type { RuntimeOptions } from './options.ts'

/** Nobody else can take over what a database in memory has, and other clocks are those of tests. */
export function leaseOf(options: RuntimeOptions, log: Log): LeaseKeeper | undefined {
  const { clock = systemClock, maxBlockedMs } = options
  if (maxBlockedMs !== undefined) wholeNumber(maxBlockedMs, '`maxBlockedMs` of a runtime')
  const place = options.environment.database
  if (clock !== systemClock || (place.kind === 'sqlite' && place.file === ':memory:')) return undefined
  return new LeaseKeeper({ database: place, log, maxBlockedMs })
}

export function describeSkew(skewMs: number): string {
  const off = `${formatMs(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'}`
  return `the clock of this machine is ${off} the database's. Runs go by the database's and are right; dates that steps and tools read here are not. Set it right (NTP)`
}
