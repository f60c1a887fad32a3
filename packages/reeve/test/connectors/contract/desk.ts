import type { StandIn } from '../../../src/connectors/stand-in/stand-in.ts'
import { internalsOf } from '../../../src/runtime/runtime.ts'
import { type FakeClock, testRuntime } from '../../../src/testing/index.ts'
import { TestRun } from '../../../src/testing/test-run.ts'
import type { TestRuntime } from '../../../src/testing/test-runtime.ts'
import type { ContractCase } from './case.ts'
import { connectionTo, oneCall } from './connection.ts'

/** A project with one connection, whose stand-in the test holds. */
export interface Desk extends AsyncDisposable {
  test: TestRuntime
  standIn: StandIn
  /** As it is sealed. */
  credential: string
  /** Starts runs that each make one call. */
  start(calls: readonly { action: string; args: Record<string, unknown> }[]): Promise<TestRun[]>
  write(count: number): Promise<TestRun[]>
  read(count: number): Promise<TestRun[]>
  /** Looks at the accounts, as the loop of each worker does. */
  look(): Promise<void>
  /** Lets time pass until nothing waits for time any more, for at most so many seconds. */
  pass(seconds: number): Promise<void>
  /** The same until these runs have ended, however slow the service wants it, for at most ten minutes. Says how they ended. */
  ended(runs: readonly TestRun[]): Promise<string[]>
}

const began = Date.parse('2026-03-02T06:00:00Z')

export async function openDesk(
  of: ContractCase,
  options: { limit?: { count: number; perMs: number }; live?: { url: string } } = {},
): Promise<Desk> {
  let clock: FakeClock | undefined
  const standIn = await of.start({
    now: () => clock?.now() ?? began,
    ...(options.limit && { limit: options.limit }),
  })
  refuseOtherStandIn(of, standIn, options.limit)
  const { definition } = of.connector
  const credential = of.oauth?.credential(standIn) ?? definition.sandbox.standIn.credential
  const connection = connectionTo(of, standIn, { credential })
  const one = oneCall(connection)
  const test = await testRuntime({
    workflows: [one],
    config: { connectors: { [connection.name]: connection } },
    at: new Date(began).toISOString(),
  })
  clock = test.clock
  const statuses = async (runs: readonly TestRun[]) =>
    (await Promise.all(runs.map((run) => run.status()))).toSorted()
  const start: Desk['start'] = async (calls) => {
    const runs: TestRun[] = []
    const started = calls.map((call) => test.runtime.startRun(one, call))
    for (const { id } of await Promise.all(started)) runs.push(new TestRun(id, () => test.runtime as never))
    await test.settle()
    return runs
  }
  return {
    test,
    standIn,
    credential,
    start,
    write: (count) =>
      start(
        Array.from({ length: count }, (_, index) => ({
          action: of.write.action,
          args: of.write.args(index),
        })),
      ),
    read: (count) => start(Array.from({ length: count }, () => of.read)),
    look: async () => {
      await internalsOf(test.runtime).connections.health.look()
      await test.settle()
    },
    pass: async (seconds) => {
      for (let left = seconds; left > 0; left--) await test.advance('1s')
    },
    ended: async (runs) => {
      let all = await statuses(runs)
      const isOver = (status: string) => status !== 'waiting' && status !== 'running'
      for (let left = 200; left > 0 && !all.every(isOver); left--) {
        await test.advance('3s')
        all = await statuses(runs)
      }
      return all
    },
    [Symbol.asyncDispose]: async () => {
      await test.stop()
      await standIn.close()
    },
  }
}

/** A stand-in with a time or a limit of its own would let the suite wait for what never comes. */
function refuseOtherStandIn(
  { connector: { definition }, isLocal }: ContractCase,
  standIn: StandIn,
  limit: { count: number; perMs: number } | undefined,
): void {
  const what = `The stand-in of the case "${definition.name}"`
  if (isLocal) return
  if (Math.abs(standIn.now() - began) > 1_000)
    throw new Error(
      `${what} has a clock of its own: hand the \`now\` that \`start\` is given to startStandIn(…, { now }).`,
    )
  if (limit && standIn.limit?.count !== limit.count)
    throw new Error(
      `${what} has a limit of its own: hand the \`limit\` that \`start\` is given to startStandIn(…, { limit }).`,
    )
}
