import { ReeveError } from '../../base/errors.ts'
import { silentLog } from '../../base/log.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { LoopStretch } from '../../base/time/loop-stretch.ts'
import type { RunCommitSource } from '../../store/journal/group-commit.ts'
import { Notices } from '../notices.ts'
import type { RunRecords } from '../run-records.ts'
import type { EngineServices } from '../services.ts'

/** So long trials go on before others get their turn (ms). */
const stretchMs = 10

/** What the trials of one database share. Nothing here writes. */
export interface TrialParts {
  secrets: Secrets
  records: RunRecords
  identity: string
}

/**
 * The services of a try: its commits are durable nowhere, its clock stands still, and what would touch the database or
 * another process is a door that throws.
 * @param now the time at which the run ended (ms)
 */
export function trialServices({ secrets, records, identity }: TrialParts, now: number): EngineServices {
  return {
    clock: { now: () => now, after: () => () => {} },
    commits: { submit: (source) => queueMicrotask(() => takeNow(source)), settled: async () => {} },
    log: silentLog,
    secrets,
    records,
    identity,
    newId: () => 'trial',
    random: () => 0.5,
    numbers: closed('numbers of runs'),
    callRates: closed('rates of calls'),
    businessKeys: closed('business keys'),
    stretch,
    lingerMs: 0,
    claims: { confirm: () => true },
    notices: new Notices(),
    isTraced: false,
  }
}

const stretch = new LoopStretch(stretchMs)

/** What the run has ready is as good as durable: nobody reads it again. */
function takeNow(source: RunCommitSource): void {
  source.take()
  source.settled('durable')
}

function closed<T extends object>(what: string): T {
  const refuse = () => {
    throw new ReeveError('trial-closed', `A recorded run that is tried again asked for ${what}; it has none.`)
  }
  return new Proxy({} as T, { get: refuse })
}
