import type { Violation } from '../crash/checker.ts'
import { type TcpProxy, tcpProxy } from '../store/tcp-proxy.ts'
import type { Fault, Tools } from './fault.ts'
import { Arena, runContest } from './postgres/contest.ts'
import { partition, partitionPlanOf } from './postgres/partition.ts'

const shape = 'crowd-16'

/**
 * What the server waits for is as much faster as the workers' time is: a worker cut off inside a transaction must not
 * hold its locks for longer than its lease.
 */
const quickServer = '-c lock_timeout=500 -c idle_in_transaction_session_timeout=1000'

let arena: Promise<Arena> | undefined
let trials = 0
let inVain = 0

/** Two worker processes, each with a way of its own to the server, of which one or both are disturbed for a while. */
export const partitions: Fault = {
  name: 'partitions',
  injects:
    'the way between workers and Postgres cut, silent in one or both directions, or a COMMIT unanswered',
  invariants: 'I1–I7',
  trials: 500,
  async trial(seed, tools) {
    arena ??= Arena.open(tools.folder)
    return trial(await arena, seed, tools)
  },
  async close() {
    await (await arena)?.close()
    arena = undefined
  },
}

async function trial(opened: Arena, seed: number, tools: Tools): Promise<Violation[]> {
  const proxies: TcpProxy[] = []
  return runContest(opened, {
    name: `partition-${seed}-${++trials}`,
    shape,
    async wayOf(worker, url) {
      const way = new URL(url)
      way.searchParams.set('options', `${way.searchParams.get('options')} ${quickServer}`)
      const proxy = await tcpProxy(way.href)
      proxies[worker] = proxy
      return proxy.url
    },
    async disturb(_url, over) {
      if (await partition(proxies, partitionPlanOf(seed), over)) return
      tools.note(`partitions: ${++inVain} of ${trials} were too late to disturb anything`)
    },
    async cleanUp() {
      for (const proxy of proxies) await proxy.close()
    },
  })
}
