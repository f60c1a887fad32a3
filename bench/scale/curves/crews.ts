import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { internalsOf } from '../../../packages/reeve/src/internal.ts'
import { setQueuePaused } from '../../../packages/reeve/src/store/dispatch/queues/queues.ts'
import { treeCpuSeconds } from '../../engine/processes.ts'
import { type Member, startMember } from '../../runner/member.ts'
import type { Curve, Place, ScaleReport } from '../contract.ts'
import { measured } from '../measured.ts'
import { opened } from '../opened.ts'
import { quick } from '../quick-runs.ts'

const program = join(import.meta.dirname, '../crew-worker.ts')
type Message = 'ready' | number

/** So many workers, each in a process of its own on the same store, for as long as `body` takes. */
async function withCrew<T>(
  place: Place,
  count: number,
  body: (crew: Member<Message>[]) => Promise<T>,
): Promise<T> {
  const crew: Member<Message>[] = []
  try {
    for (let index = 0; index < count; index++) {
      const member = startMember<Message>(program, place)
      crew.push(member)
      await member.until((messages) => messages.length > 0)
    }
    return await body(crew)
  } finally {
    await Promise.all(crew.map((member) => member.end('SIGKILL')))
  }
}

/** CPU time of the workers and of their server (ms). */
async function cpuOf(place: Place, crew: Member<Message>[]): Promise<number> {
  let sum = place.serverPid === undefined ? 0 : treeCpuSeconds(place.serverPid) * 1000
  for (const member of crew) {
    const count = member.messages.length
    const answered = member.until((messages) => messages.length > count)
    member.process.send('cpu')
    sum += (await answered).at(-1) as number
  }
  return sum
}

/** What this process itself does is not what is measured. */
async function ofCrew(
  place: Place,
  crew: Member<Message>[],
  rounds: number,
  work: () => Promise<number>,
  warmUp?: () => Promise<unknown>,
): Promise<ScaleReport> {
  const costs: number[] = []
  const speeds: number[] = []
  const report = await measured(
    place,
    async () => {
      const before = { cpu: await cpuOf(place, crew), at: performance.now() }
      const units = await work()
      speeds.push((units / (performance.now() - before.at)) * 1000)
      costs.push(((await cpuOf(place, crew)) - before.cpu) / units)
      return units
    },
    { rounds, ...(warmUp && { warmUp }) },
  )
  const medianOf = (values: number[]) => values.sort((left, right) => left - right)[values.length >> 1]!
  return { ...report, perUnitMs: medianOf(costs), figures: { unitsPerSecond: medianOf(speeds) } }
}

async function idle(size: number, place: Place): Promise<ScaleReport> {
  return withCrew(place, size, async (crew) => {
    await pause(3000)
    const seconds = place.quick ? 4 : 10
    return ofCrew(place, crew, 3, async () => {
      await pause(seconds * 1000)
      return seconds * size
    })
  })
}

async function busy(size: number, place: Place): Promise<ScaleReport> {
  const runtime = await opened(place, [quick])
  const { database, engine } = internalsOf(runtime)
  const count = place.quick ? 4000 : 20_000
  const ended = async () => {
    const row = await database.get<{ count: number }>(
      'select count(*) as count from runs where ended_at is not null',
    )
    return row!.count
  }
  try {
    const drive = async (runs: number) => {
      const before = await ended()
      await setQueuePaused(database, 'default', false)
      for (let from = 0; from < runs; from += 500) {
        await Promise.all(Array.from({ length: 500 }, () => engine.startRun(quick, {})))
      }
      while ((await ended()) < before + runs) await pause(20)
      return runs
    }
    // The code of each of them is compiled first.
    return await withCrew(place, size, (crew) =>
      ofCrew(
        place,
        crew,
        3,
        () => drive(count),
        () => drive(1000 * size),
      ),
    )
  } finally {
    await runtime.stop()
  }
}

/** Workers in processes of their own on one store: what one costs must not grow with their number. */
export const crews: Record<string, Curve> = {
  idleWorkersCpu: {
    unit: 'a second of one of so many idle workers',
    full: { small: 2, large: 16 },
    quick: { small: 2, large: 8 },
    postgres: true,
    measure: idle,
  },
  eightWorkersNoop: {
    unit: 'a run of one step, started elsewhere, driven by one of so many workers',
    full: { small: 1, large: 8 },
    quick: { small: 1, large: 8 },
    postgres: true,
    notSlower: true,
    measure: busy,
  },
}
