import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../packages/reeve/src/base/time/time.ts'
import { openSqlite } from '../packages/reeve/src/store/sqlite/sqlite.ts'
import { type ApiMessage, type ApiSpec, door } from './api/contract.ts'
import { type Sent, sendSteadily } from './api/sender.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { type Member, startMember } from './runner/member.ts'
import { figure, table } from './runner/table.ts'

const program = join(import.meta.dirname, 'api/process.ts')
const perSecond = 500

interface Spread {
  sent: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

interface Killed {
  sent: number
  kills: number
  /** Deliveries that were answered by no run, or by a run that is not there. */
  lost: number
  /** Runs beyond one for each delivery, and deliveries whose answers named two runs. */
  doubled: number
  /** Answers that another attempt had not heard. */
  repeated: number
}

/**
 * From a signed webhook to its durable run, over HTTP: 500 deliveries a second at a steady pace, each of some 900 bytes, whose
 * runs are driven by the same process (two steps each). Then the same while the server is ended by SIGKILL again and again,
 * and each delivery that got no answer is sent again, as a service would.
 *
 * `--seconds 20`, `--kills 10`; `--quick`: 4 seconds and 2 kills.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const isQuick = options.quick === true
  const seconds = wholeNumber(options, 'seconds', isQuick ? 4 : 20)
  const kills = wholeNumber(options, 'kills', isQuick ? 2 : 10)
  const steady = await inFolder((folder) => measure(folder, seconds))
  process.stderr.write(`steady: p99 ${figure(steady.p99Ms)} ms\n`)
  const killed = await inFolder((folder) => killAgain(folder, kills))
  process.stderr.write(`killed: ${killed.sent} sent, ${killed.lost} lost, ${killed.doubled} doubled\n`)
  return {
    goals: {
      p99Ms: goalOf(steady.p99Ms, 50, 'ms', 'lower'),
      perSecond: goalOf(steady.perSecond, perSecond * 0.99, 'deliveries/s'),
      lost: goalOf(killed.lost, 0, 'deliveries', 'lower'),
      doubled: goalOf(killed.doubled, 0, 'runs', 'lower'),
    },
    raw: { steady, killed },
    summary: table(
      ['', 'sent', 'a second', 'p50 ms', 'p99 ms', 'max ms', 'kills', 'lost', 'doubled', 'answered again'],
      [
        [
          'steady',
          ...[steady.sent, steady.perSecond, steady.p50Ms, steady.p99Ms, steady.maxMs].map(figure),
          '',
          '',
          '',
          '',
        ],
        [
          'killed',
          figure(killed.sent),
          '',
          '',
          '',
          '',
          ...[killed.kills, killed.lost, killed.doubled, killed.repeated].map(figure),
        ],
      ],
    ),
  }
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = createDataFolder()
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function start(spec: ApiSpec): Promise<{ member: Member<ApiMessage>; url: string }> {
  const member = startMember<ApiMessage>(program, spec)
  const [said] = await member.until((messages) => messages.length > 0)
  return { member, url: said!.url }
}

async function measure(folder: string, seconds: number): Promise<Spread> {
  const { member, url } = await start({ file: join(folder, 'reeve.db'), port: 0 })
  try {
    await sendSteadily(() => url, { perSecond, count: perSecond * 2, prefix: 'warm' })
    const begun = performance.now()
    const sent = await sendSteadily(() => url, { perSecond, count: perSecond * seconds, prefix: 'steady' })
    const tookMs = performance.now() - begun
    const wrong = sent.find(({ status, runId: run }) => status !== 202 || run === null)
    if (wrong) throw new Error(`A delivery was answered with ${wrong.status}.`)
    const sorted = sent.map(({ ms }) => ms).sort((one, other) => one - other)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
    return {
      sent: sent.length,
      perSecond: (sent.length * 1000) / tookMs,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: sorted.at(-1)!,
    }
  } finally {
    await member.end('SIGKILL')
  }
}

async function killAgain(folder: string, kills: number): Promise<Killed> {
  const file = join(folder, 'reeve.db')
  let { member, url } = await start({ file, port: 0 })
  const port = Number(new URL(url).port)
  const sending = sendSteadily(() => url, { perSecond, count: perSecond * kills * 2, prefix: 'killed' })
  try {
    for (let kill = 0; kill < kills; kill++) {
      await sleep(700 + Math.random() * 600)
      await member.end('SIGKILL')
      ;({ member, url } = await start({ file, port }))
    }
    const sent = await sending
    await untilEnded(file)
    return { sent: sent.length, kills, ...(await compare(file, sent)) }
  } finally {
    await member.end('SIGKILL')
  }
}

async function untilEnded(file: string): Promise<void> {
  const database = openSqlite({ file, clock: systemClock })
  try {
    for (;;) {
      const row = await database.get<{ open: number }>(
        "select count(*) as open from runs where status <> 'succeeded'",
      )
      if (row?.open === 0) return
      await sleep(100)
    }
  } finally {
    await database.close()
  }
}

async function compare(file: string, sent: readonly Sent[]): Promise<Omit<Killed, 'sent' | 'kills'>> {
  const database = openSqlite({ file, clock: systemClock })
  try {
    const rows = await database.all<{ delivery: string; run: string; id: string | null }>(
      'select d.delivery, d.run, r.id from deliveries d left join runs r on r.id = d.run where d.source = ?',
      [door.path.split('/').at(-1)!],
    )
    const all = await database.get<{ runs: number }>('select count(*) as runs from runs')
    const runOf = new Map(rows.map(({ delivery, id }) => [delivery, id]))
    const lost = sent.filter(({ id, runId: run }) => run === null || (runOf.get(id) ?? null) === null).length
    const named = sent.filter(({ id, runId: run }) => run !== null && runOf.get(id) !== run).length
    const repeated = sent.filter(({ status }) => status === 200).length
    return { lost, doubled: named + Math.abs(all!.runs - sent.length), repeated }
  } finally {
    await database.close()
  }
}
