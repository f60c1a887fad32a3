import { ReeveError } from '../../base/errors.ts'
import type { Connection } from '../../connectors/shape/connection.ts'
import type { StandIn } from '../../connectors/stand-in/stand-in.ts'
import type { Workflow } from '../../engine/workflow.ts'
import type { FakeClock } from '../fake-clock.ts'
import { TestRun } from '../test-run.ts'
import { type TestRuntime, testRuntime } from '../test-runtime.ts'
import type { ConnectorCase } from './case.ts'
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
  /** Lets time pass until nothing waits for time any more, for at most so many seconds. */
  pass(seconds: number): Promise<void>
  /** The same until these runs have ended, however slow the service wants it, for at most ten minutes. Says how they ended. */
  ended(runs: readonly TestRun[]): Promise<string[]>
}

const began = Date.parse('2026-03-02T06:00:00Z')

export async function openDesk(
  of: ConnectorCase,
  options: {
    limit?: { count: number; perMs: number }
    /** What it begins with: before anybody asked the stand-in. */
    before?: (standIn: StandIn) => void
    /** Of the connection, beside those of the case. */
    settings?: Record<string, unknown>
    /** Beside the one that makes calls. */
    workflows?: (connection: Connection) => readonly Workflow[]
  } = {},
): Promise<Desk> {
  let clock: FakeClock | undefined
  const standIn = await startOf(of, () => clock?.now() ?? began)
  if (options.limit) standIn.limit = options.limit
  options.before?.(standIn)
  const { definition } = of.connector
  const credential = of.oauth?.credential(standIn) ?? definition.sandbox.standIn.credential
  const connection = connectionTo(of, standIn, { credential, settings: options.settings })
  const one = oneCall(connection)
  const test = await testRuntime({
    workflows: [one as never, ...(options.workflows?.(connection) ?? [])],
    config: { connectors: { [connection.name]: connection } },
    at: new Date(began).toISOString(),
  })
  clock = test.clock
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
    pass: async (seconds) => {
      for (let left = seconds; left > 0; left--) await test.advance('1s')
    },
    ended: async (runs) => {
      let all = await statusesOf(runs)
      const isOver = (status: string) => status !== 'waiting' && status !== 'running'
      for (let left = 200; left > 0 && !all.every(isOver); left--) {
        await test.advance('3s')
        all = await statusesOf(runs)
      }
      return all
    },
    [Symbol.asyncDispose]: async () => {
      await test.stop()
      await standIn.close()
    },
  }
}

/** Starts the stand-in of a case. @throws `bad-connector` for one with a time of its own, which would wait for what never comes */
export async function startOf(of: ConnectorCase, now: () => number): Promise<StandIn> {
  const { definition } = of.connector
  const refuse = (why: string) =>
    new ReeveError('bad-connector', `The stand-in of "${definition.name}" cannot be checked: ${why}.`)
  const start = of.start ?? (await definition.sandbox.standIn.load())
  const standIn = (await start({ now })) as StandIn
  const problem =
    standIn.faults === undefined || standIn.books === undefined
      ? 'what its `start` gives has no `faults` and no `books`: let it give what startStandIn gave'
      : !of.isLocal && Math.abs(standIn.now() - now()) > 1_000
        ? 'it has a clock of its own: hand the `now` that `start` is given to startStandIn(…, { now })'
        : undefined
  if (problem === undefined) return standIn
  await standIn.close()
  throw refuse(problem)
}

/** How runs stand, sorted. */
export async function statusesOf(runs: readonly TestRun[]): Promise<string[]> {
  return (await Promise.all(runs.map((run) => run.status()))).toSorted()
}
