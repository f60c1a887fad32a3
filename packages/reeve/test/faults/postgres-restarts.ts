import type { Violation } from '../crash/checker.ts'
import type { Fault, Tools } from './fault.ts'
import { Arena, runContest } from './postgres/contest.ts'
import { restartPlanOf, type Struck, strike } from './postgres/restart.ts'

/** 80 starts, and the children of ten of them. */
const shape = 'crowd-80'

/** Leases are to outlast a restart and a busy machine: who takes over is for the partitions to show. */
const scale = 3

let arena: Promise<Arena> | undefined
let trials = 0
let inVain = 0

/** A real server ends under two worker processes and some hundred runs, and comes back. */
export const postgresRestarts: Fault = {
  name: 'postgres-restarts',
  injects: 'Postgres stopped at once, its first process or one connection killed, half of them in mid-commit',
  invariants: 'I1–I7',
  trials: 200,
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
  let struck: Struck = { inFlight: 0, commits: 0 }
  const violations = await runContest(opened, {
    name: `restart-${seed}-${++trials}`,
    shape,
    scale,
    async disturb(url) {
      struck = await strike(opened.server, url, restartPlanOf(seed))
    },
  })
  if (struck.inFlight === 0)
    tools.note(`postgres-restarts: ${++inVain} of ${trials} struck when all was done`)
  return violations
}
