import { ceilingShapes } from './ceilings.ts'
import { chapterShapes } from './chapters.ts'
import { childShapes } from './children.ts'
import { crowdNamed } from './crowd.ts'
import { effectShapes } from './effects.ts'
import type { Shape } from './shape.ts'
import { startShapes } from './starts.ts'
import { stepShapes } from './steps.ts'
import { waitShapes } from './waits.ts'

export const shapes: Shape[] = [
  ...stepShapes,
  ...waitShapes,
  ...effectShapes,
  ...ceilingShapes,
  ...childShapes,
  ...chapterShapes,
  ...startShapes,
]

/** @throws when there is no such shape */
export function shapeNamed(name: string): Shape {
  const shape = shapes.find((one) => one.name === name) ?? crowdNamed(name)
  if (shape) return shape
  throw new Error(`There is no shape "${name}". The shapes are: ${shapes.map((one) => one.name).join(', ')}.`)
}
