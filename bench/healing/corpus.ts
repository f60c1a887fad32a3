import { type Base, bases } from './bases.ts'
import { malformations } from './malformations.ts'

export interface Case {
  malformation: string
  base: Base
  /** What the model wrote. */
  text: string
}

/** Every malformation of every base; those that change nothing about a base are left out. */
export function corpus(): Case[] {
  return Object.entries(malformations).flatMap(([malformation, spoil]) =>
    bases.flatMap((base) => {
      const text = spoil(base)
      return text === JSON.stringify(base.value) || text === JSON.stringify(base.value, null, 2)
        ? []
        : [{ malformation, base, text }]
    }),
  )
}

/** By malformation: answers that are the truth, refused ones, and values taken that are not the truth. */
export type Tally = Record<string, { right: number; refused: number; wrong: number }>

export function count(tally: Tally, malformation: string, outcome: 'right' | 'refused' | 'wrong'): void {
  tally[malformation] ??= { right: 0, refused: 0, wrong: 0 }
  tally[malformation][outcome]++
}
