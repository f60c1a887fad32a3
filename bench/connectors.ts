import { atDesk, type Desk } from './connectors/desk.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { withPostgres } from './runner/postgres.ts'
import { table } from './runner/table.ts'

interface Renewals {
  where: string
  calls: number
  succeeded: number
  refreshes: number
}

interface Held {
  storm: boolean
  requests: number
  succeeded: number
  /** What the service states. */
  limit: number
  /** The most that came in one window of the service. */
  busiest: number
  /** The most that came in any second. */
  inAnySecond: number
  seconds: number
}

interface Deaths {
  connector: string
  kills: number
  calls: number
  done: number
  lost: number
  doubled: number
  succeeded: number
}

/**
 * The door of connectors, between real workers and services on this machine that speak the vendors' wire format.
 *
 * - renewals: 50 calls at one moment with a token that is too old, in one process, then over two processes on one SQLite file and on one
 *   Postgres. The service ends the consent when a refresh token comes twice
 * - rate: 100 calls by two workers on one database against a service that takes 10 a second; then the same with 15 refusals (429) in between
 * - deaths: workers that are ended by SIGKILL when the service did what they asked and answered, before they wrote it down, while the
 *   service also loses answers and fails: refunds of Stripe, which takes a key, and tickets of Zendesk, which are looked up
 *
 * `--calls 50`, `--rated 100`, `--kills 3` of each.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const calls = wholeNumber(options, 'calls', 50)
  const rated = wholeNumber(options, 'rated', 100)
  const kills = wholeNumber(options, 'kills', 3)
  const told = <Found>(found: Found): Found => {
    process.stderr.write(`${JSON.stringify(found)}\n`)
    return found
  }
  const renewals: Renewals[] = [
    told(await renewing('one process', calls, 1)),
    told(await renewing('two processes, SQLite', calls, 2)),
    told(await withPostgres((url) => renewing('two processes, Postgres', calls, 2, url))),
  ]
  const rates: Held[] = [told(await holding(rated, false)), told(await holding(rated, true))]
  const deaths: Deaths[] = [told(await dying('stripe', kills)), told(await dying('zendesk', kills))]
  const most = (numbers: readonly number[]) => Math.max(...numbers)
  const total = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0)
  const asked =
    total(renewals.map((each) => each.calls)) + 2 * rated + total(deaths.map((each) => each.calls))
  const succeeded = total([...renewals, ...rates, ...deaths].map((each) => each.succeeded))
  return {
    goals: {
      refreshes: goalOf(most(renewals.map(({ refreshes }) => refreshes)), 1, 'refreshes', 'lower'),
      rateHeld: goalOf(most(rates.map(({ busiest, limit }) => busiest / limit)), 1, 'of the limit', 'lower'),
      succeeded: goalOf(succeeded / asked, 1, 'share'),
      doubled: goalOf(total(deaths.map(({ doubled }) => doubled)), 0, 'deeds', 'lower'),
      lost: goalOf(total(deaths.map(({ lost }) => lost)), 0, 'deeds', 'lower'),
    },
    raw: { renewals, rates, deaths },
    summary: [
      table(
        ['renewals', 'calls', 'succeeded', 'refreshes'],
        renewals.map((each) => [each.where, `${each.calls}`, `${each.succeeded}`, `${each.refreshes}`]),
      ),
      table(
        ['rate', 'requests', 'busiest window', 'in any second', 'limit', 'seconds'],
        rates.map((each) => [
          each.storm ? 'storm of 429' : 'quiet',
          `${each.requests}`,
          `${each.busiest}`,
          `${each.inAnySecond}`,
          `${each.limit}`,
          each.seconds.toFixed(1),
        ]),
      ),
      table(
        ['deaths', 'kills', 'calls', 'done', 'lost', 'doubled'],
        deaths.map((each) => [
          each.connector,
          `${each.kills}`,
          `${each.calls}`,
          `${each.done}`,
          `${each.lost}`,
          `${each.doubled}`,
        ]),
      ),
    ].join('\n\n'),
  }
}

const isSuccess = (status: unknown) => status === 'succeeded'

/** Each worker knows of all calls, and drives those that it claims. */
async function ended(
  desk: Desk,
  calls: Parameters<Desk['worker']>[0]['calls'],
  workers: number,
  capacity: number,
) {
  const all = Array.from({ length: workers }, () => desk.worker({ calls, capacity }))
  const [statuses] = await Promise.all(all.map((each) => each.says()))
  return (statuses as unknown[]).filter(isSuccess).length
}

function renewing(where: string, count: number, workers: number, database?: string): Promise<Renewals> {
  return atDesk('tickets', { ...(database !== undefined && { database }) }, async (desk) => {
    const tokens = desk.its.oauth!.tokens(desk.standIn)
    tokens.expireAll()
    const calls = Array.from({ length: count }, () => desk.its.read)
    const succeeded = await ended(desk, calls, workers, Math.ceil(count / workers))
    return { where, calls: count, succeeded, refreshes: tokens.refreshes }
  })
}

function holding(count: number, storm: boolean): Promise<Held> {
  const limit = { count: 10, perMs: 1_000 }
  return atDesk('tickets', { limit }, async (desk) => {
    const { standIn } = desk
    // In the middle of them.
    const isLate = () => standIn.requests.length > count / 4
    if (storm) standIn.faults.add({ kind: 'rate-limited', times: 15, retryAfterS: 2, on: isLate })
    const calls = Array.from({ length: count }, () => desk.its.read)
    const succeeded = await ended(desk, calls, 2, 25)
    const times = standIn.requests.map(({ at }) => at)
    const inAnySecond = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length),
    )
    return {
      storm,
      requests: times.length,
      succeeded,
      limit: limit.count,
      busiest: standIn.busiest(),
      inAnySecond,
      seconds: (times.at(-1)! - times[0]!) / 1000,
    }
  })
}

/** Each round has calls of its own; some of them are done and not written down when their worker dies. */
function dying(connector: string, kills: number): Promise<Deaths> {
  return atDesk(connector, {}, async (desk) => {
    const { its, standIn } = desk
    const { action, args, deed } = its.write
    const isWrite = ({ method }: { method: string }) => method !== 'GET'
    const inOneLife = 4
    const calls = Array.from({ length: kills * inOneLife }, (_, index) => ({ action, args: args(index) }))
    for (let kill = 0; kill < kills; kill++) {
      standIn.faults.add({ kind: 'lost-answer', times: 1, on: isWrite })
      standIn.faults.add({ kind: 'server-error', times: 1, on: isWrite })
      const doomed = desk.worker({ calls: calls.slice(0, (kill + 1) * inOneLife), hangsAfter: action })
      await doomed.says()
      await doomed.kill()
    }
    const statuses = (await desk.worker({ calls }).says()) as unknown[]
    const done = standIn.books.count(deed)
    return {
      connector,
      kills,
      calls: calls.length,
      done,
      lost: Math.max(0, calls.length - done),
      doubled: Math.max(standIn.books.doubled().length, done - calls.length, 0),
      succeeded: statuses.filter(isSuccess).length,
    }
  })
}
