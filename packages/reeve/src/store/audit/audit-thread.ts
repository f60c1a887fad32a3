// Runs in a thread: to recompute hash chains keeps a core busy.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/time/time.ts'
import { openDatabase } from '../open.ts'
import { verifyPartOf } from './audit-threads.ts'

const verify = verifyPartOf(openDatabase(workerData, systemClock))
parentPort!.on('message', async ({ id, part }) => {
  try {
    parentPort!.postMessage({ id, found: await verify(part) })
  } catch (error) {
    parentPort!.postMessage({ id, error })
  }
})
