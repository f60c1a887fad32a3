import { opened } from './opened.ts'
import { quick } from './quick-runs.ts'

/** One worker in a process of its own, which drives runs of `quick`. It says `ready`, and its CPU time when it is asked. */
const runtime = await opened(JSON.parse(process.argv[2] ?? ''), [quick])
await runtime.start()
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1000)
})
process.send?.('ready')
