import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bill, worstCaseUsd } from './contract.ts'

const answersAfterMs = 1000

/** A provider over HTTP that bills every call as it arrives, whether or not anyone is left to hear the answer. */
export async function startProvider() {
  let calls = 0
  let billedNanousd = 0
  let mostAtOnce = 0
  const underWay = new Map<number, number>()
  const server = createServer(async (request, response) => {
    const caller = Number(request.headers['x-worker'])
    // From a fifth of the worst case up to all of it, in a fixed order.
    const bill: Bill = { nanousd: Math.round(worstCaseUsd * 1e9 * (0.2 + 0.8 * ((calls * 0.618_034) % 1))) }
    calls++
    billedNanousd += bill.nanousd
    underWay.set(caller, (underWay.get(caller) ?? 0) + 1)
    mostAtOnce = Math.max(
      mostAtOnce,
      [...underWay.values()].reduce((sum, each) => sum + each, 0),
    )
    await sleep(answersAfterMs)
    underWay.set(caller, underWay.get(caller)! - 1)
    response.end(JSON.stringify(bill))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    figures: () => ({ calls, billedNanousd, mostAtOnce }),
    /** Calls of this process that are billed and not answered. */
    underWayOf: (pid: number) => underWay.get(pid) ?? 0,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
