import { seeded } from '../crash/campaign.ts'
import { shapes } from '../crash/shapes/index.ts'
import type { Shape } from '../crash/shapes/shape.ts'
import type { Fault } from './fault.ts'
import { programShape } from './simulation/program.ts'
import { World } from './simulation/world.ts'

const dayMs = 86_400_000

/** What two processes debounce has no last input that both agree on; a stalled client may cancel too late. */
const unfit = ['debounced-start', 'cancel-running']
const drawn = shapes.filter((shape) => !unfit.includes(shape.name))

/** Whole lives of the engine in simulated time; a failing seed fails again. */
export const simulation: Fault = {
  name: 'simulation',
  injects:
    'deaths at any write, stalls past the lease, clock jumps, duplicates, two processes, in simulated time',
  invariants: 'I1–I7',
  trials: 2000,
  trial: (seed) => simulate(seed),
}

export function simulate(seed: number) {
  const random = seeded(`simulation ${seed}`)
  const shape = drawShape(random)
  return new World({
    seed,
    shape,
    largestJumpMs: shape.name === 'schedule' ? 60_000 : dayMs,
    mishaps: Math.floor(random() * 5),
  }).run()
}

function drawShape(random: () => number): Shape {
  if (random() < 0.6) return programShape(random)
  return drawn[Math.floor(random() * drawn.length)]!
}
