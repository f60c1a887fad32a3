import type { Chance } from '../world/chance.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * Ids as Reeve makes them (9 characters of time, 8 of chance), with the chance of the seed: by ids Reeve chooses which runs it tries
 * lessons on and which go without them. The same time gives the same ones, whichever process asks; but in the moment in which a process
 * began, which others may have had before, `start` tells them apart.
 */
export function idsOf(chance: Chance, began: { at: number; start: number }): (at: number) => string {
  let drawn = { at: Number.NaN, count: 0 }
  return (at) => {
    if (drawn.at !== at) drawn = { at, count: 0 }
    const name = ['id', at, at === began.at ? began.start : 0, drawn.count++]
    return base32(at, 9) + base32(half(chance, name, 'one'), 4) + base32(half(chance, name, 'two'), 4)
  }
}

function half(chance: Chance, name: (string | number)[], which: string): number {
  return Math.floor(chance(which, ...name) * 32 ** 4)
}

function base32(value: number, width: number): string {
  let rest = value
  let text = ''
  for (let index = 0; index < width; index++) {
    text = alphabet[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}
