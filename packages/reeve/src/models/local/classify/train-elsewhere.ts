import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { moduleUrl } from '../../../base/package-files.ts'
import type { Example } from './classify.ts'

/** Trains a classifier in a thread of its own, so that the event loop goes on. Answers its bytes. */
export async function trainElsewhere(examples: readonly Example[]): Promise<Uint8Array> {
  const worker = new Worker(moduleUrl('models/local/classify/train-thread'), { workerData: examples })
  try {
    const [bytes] = (await once(worker, 'message')) as [Uint8Array]
    return bytes
  } finally {
    await worker.terminate()
  }
}
