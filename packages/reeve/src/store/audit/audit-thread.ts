// Runs in a thread: to recompute hash chains keeps a core busy.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/time/time.ts'
import { openDatabase } from '../open.ts'
import type { AuditKeySlot } from '../redacting.ts'
import { type AuditThreadData, verifyPartOf } from './audit-threads.ts'
import { AuditKey } from './key/audit-key.ts'
import { AuditKeys } from './key/audit-keys.ts'

const { place, keys } = workerData as AuditThreadData
const slot: AuditKeySlot = keys
  ? {
      keys: new AuditKeys(
        keys.secrets.map((secret) => new AuditKey(secret)),
        keys.since,
      ),
    }
  : {}
const verify = verifyPartOf(openDatabase(place, systemClock, { slot }))
parentPort!.on('message', async ({ id, part }) => {
  try {
    parentPort!.postMessage({ id, found: await verify(part) })
  } catch (error) {
    parentPort!.postMessage({ id, error })
  }
})
