import { type Clock, toMs } from '../base/time/time.ts'
import { tidyAnswers } from '../models/asking/answer-cache.ts'
import type { Database } from '../store/database.ts'
import { type Prunable, type Pruned, prunable, prune, type Retention } from '../store/keeping/retention.ts'
import { giveBackSpace } from '../store/keeping/space.ts'
import { inSlices, tidy } from '../store/keeping/tidy.ts'
import { tidyCallRates } from '../store/ledger/call-rates.ts'
import { foldModelCalls } from '../store/ledger/folded-calls.ts'
import type { RetentionConfig } from './config.ts'

interface Kept {
  database: Database
  clock: Clock
  retention: RetentionConfig | undefined
}

/**
 * Deletes ended runs that a project's retention no longer wants, and of every other table what nothing needs any more,
 * until `signal` is aborted.
 */
export async function pruneProject(
  { database, clock, retention }: Kept,
  signal?: AbortSignal,
): Promise<Pruned> {
  const now = clock.now()
  const { ledger = '90d', occurrences = '30d' } = retention ?? {}
  await inSlices(database, signal, (session, slice) => tidyAnswers(session, now, slice))
  await inSlices(database, signal, tidyCallRates)
  const pruned = await prune(database, agesOf(retention), now, signal)
  await foldModelCalls(database, now - toMs(ledger), signal)
  await tidy(database, { now, occurrencesBefore: now - toMs(occurrences) }, signal)
  await giveBackSpace(database, { signal })
  return pruned
}

/** What `pruneProject` would delete of the runs now. */
export function prunableOf({ database, clock, retention }: Kept): Promise<Prunable[]> {
  return prunable(database, agesOf(retention), clock.now())
}

function agesOf({ succeeded, failed, cancelled }: RetentionConfig = {}): Retention {
  return {
    ...(succeeded === undefined ? {} : { succeededMs: toMs(succeeded) }),
    ...(failed === undefined ? {} : { failedMs: toMs(failed) }),
    ...(cancelled === undefined ? {} : { cancelledMs: toMs(cancelled) }),
  }
}
