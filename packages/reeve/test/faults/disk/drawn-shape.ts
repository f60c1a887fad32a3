import { seeded } from '../../crash/campaign.ts'
import { shapes } from '../../crash/shapes/index.ts'
import type { Shape } from '../../crash/shapes/shape.ts'
import { programShape } from '../simulation/program.ts'

/** What clients debounce or cancel at a moment has no outcome that holds however long the disk keeps them waiting. */
const unfit = ['debounced-start', 'cancel-running', 'cancel-family']
const drawn = shapes.filter((shape) => !unfit.includes(shape.name))

/** The workflows of one trial: the same in each of its lives. */
export function drawnShape(seed: number): Shape {
  const random = seeded(`disk ${seed}`)
  if (random() < 0.5) return programShape(random)
  return drawn[Math.floor(random() * drawn.length)]!
}
