import { once } from 'node:events'
import type { WorkerMessage, WorkerSpec } from './contract.ts'
import { openTimed } from './timed.ts'

const spec = JSON.parse(process.argv[2] ?? '') as WorkerSpec
let bodies = 0
const runtime = await openTimed(spec, () => bodies++)
await runtime.start()
const say = (message: WorkerMessage) => process.send?.(message)
say({ ready: true })
await once(process, 'SIGTERM')
await runtime.stop()
say({ bodies })
process.disconnect?.()
