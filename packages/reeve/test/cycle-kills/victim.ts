import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { daemonWorkflowName } from '../../src/autonomy/daemon/daemon.ts'
import { readDirectives } from '../../src/autonomy/directives/load-directives.ts'
import { daemon, tool } from '../../src/index.ts'
import { knownOf, projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { readDaemon } from '../../src/store/autonomy/daemons.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { silentLog } from '../../src/testing/index.ts'
import { type ScriptedReply, scriptedSolver } from '../../src/testing/scripted.ts'
import { Failpoints, withFailpoints } from '../crash/failpoints.ts'

/** What one life is told. */
export interface Life {
  folder: string
  /** So many cycles are driven to their ends, in all lives together. */
  cycles: number
  death: Death | undefined
}

/** Where a life ends: at a boundary, counted from its start, or from the moment in which it gathers, decides, executes or checks. */
export interface Death {
  from?: string
  boundary: number
}

const text = `# Directive: publish

## Goal
Something is published in each cycle.

## Inputs
- issue: integer (required)

## Tools
- tool shop.publish --issue {issue}

## Success Criteria
- {publish.issue} is {publish.wanted}
- sql shop.look "select count(*) from issues" is 1

## Known Failure Modes
- none yet
`

/** One line of what happened outside, which no death takes back. */
function note(folder: string, line: string): void {
  const file = openSync(join(folder, 'published'), 'a')
  writeSync(file, `${line}\n`)
  fsyncSync(file)
  closeSync(file)
}

/**
 * One life of a worker whose daemon gathers, decides by a route, has a directive executed that publishes, has its criteria checked, and
 * records that. The clock stands, and goes to what is due. Prints at which boundaries it gathered, decided and
 * executed.
 */
async function live({ folder, cycles, death }: Life): Promise<void> {
  const passed: [label: string, boundary: number][] = []
  const die = () => process.kill(process.pid, 'SIGKILL')
  const failpoints = new Failpoints(death?.from === undefined ? (death?.boundary ?? 0) : 0, die)
  const after = death?.from === undefined ? undefined : new Failpoints(death.boundary + 1, die)
  const both = new Failpoints(0, () => {})
  both.reach = (label) => {
    failpoints.reach(label)
    after?.reach(label)
  }
  const reach = (label: string) => {
    if (label === death?.from) after?.arm()
    both.reach(label)
    passed.push([label, failpoints.reached])
  }
  const publish = tool({
    name: 'shop.publish',
    description: 'Publishes an issue',
    input: z.object({ issue: z.number().int() }),
    output: z.object({ issue: z.number(), wanted: z.number() }),
    effect: 'idempotent',
    approval: 'never',
    run({ issue }, { key }) {
      reach('execute: before the deed')
      note(folder, `issue ${issue} ${key}`)
      reach('execute: after the deed')
      return { issue, wanted: issue }
    },
  })
  const look = tool({
    name: 'shop.look',
    description: 'Looks at what is published',
    input: z.object({ sql: z.string(), parameters: z.array(z.unknown()) }),
    output: z.object({ rows: z.array(z.array(z.number())) }),
    effect: 'read',
    run() {
      reach('check')
      return { rows: [[1]] }
    },
  })
  const reply: ScriptedReply = ({ input }) => {
    reach('decide')
    const { cycle } = input as { cycle: number }
    return JSON.stringify({ decision: 'publish', inputs: { issue: cycle }, reason: 'it is time', goal: null })
  }
  const steward = daemon({
    name: 'steward',
    directives: ['publish'],
    route: 'decide',
    every: '1h',
    floor: '10m',
    gather: () => {
      reach('gather')
      return { issues: 'some' }
    },
  })
  const decider = scriptedSolver(
    Array.from({ length: 1000 }, () => reply),
    { kind: 'hosted' },
  )
  const config = {
    knowledge: [],
    tools: [publish, look],
    daemons: [steward],
    routes: { decide: { solvers: [decider] } },
  }
  const project = projectOf(config, [], folder)
  const known = knownOf(project)
  const { directives, problems } = await readDirectives(
    [{ name: 'publish', file: 'directives/publish.md', text }],
    { ...known, tools: project.tools },
  )
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const file = join(folder, 'reeve.db')
  const clock = new FakeClock(startOf(folder))
  const runtime = await Runtime.open({
    project: { ...project, directives },
    environment: { database: { kind: 'sqlite', file }, keys: {}, user: 'ada', ci: false },
    ...{ clock, log: silentLog, keptRuns: 0 },
    seams: {
      database: (open) => {
        const database = open()
        return Object.create(database, Object.getOwnPropertyDescriptors(withFailpoints(database, both)))
      },
    },
  })
  const { database } = internalsOf(runtime)
  await runtime.start()
  failpoints.arm()
  const endsAt = Date.now() + 120_000
  for (;;) {
    const row = await readDaemon(database, 'steward')
    const ended = await database.get<{ count: number }>(
      `select count(*) as count from runs where workflow = ? and ended_at is not null`,
      [daemonWorkflowName('steward')],
    )
    if ((ended?.count ?? 0) >= cycles && row?.run) {
      const next = await database.get<{ status: string }>('select status from runs where id = ?', [row.run])
      if (next?.status === 'queued') break
    }
    if (Date.now() > endsAt) throw new Error('the cycles do not end')
    const due = clock.nextDue()
    if (due !== undefined && due > clock.now()) clock.jump(due)
    // What died is noticed by signs of life that do not come.
    await clock.advance(due === undefined ? 10_000 : 100)
    writeTime(folder, clock.now())
    await sleep(0)
  }
  await runtime.stop(0)
  process.stdout.write(JSON.stringify(passed))
}

/** The clock goes on where the life before died. */
function startOf(folder: string): number {
  try {
    return Number(readFileSync(join(folder, 'time'), 'utf8')) || Date.UTC(2026, 0, 5)
  } catch {
    return Date.UTC(2026, 0, 5)
  }
}

function writeTime(folder: string, now: number): void {
  const file = openSync(join(folder, 'time'), 'w')
  writeSync(file, String(now))
  closeSync(file)
}

if (process.argv[1] === import.meta.filename) await live(JSON.parse(process.argv[2]!) as Life)
