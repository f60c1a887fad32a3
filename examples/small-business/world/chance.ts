/**
 * Chance by name: the same seed and the same name give the same number, in whatever order they are asked for. So a world that is
 * stopped and goes on, or whose customers are served in another order, meets the same fate.
 */
export type Chance = (...name: (string | number)[]) => number

/** 0 (included) to 1 (excluded). */
export function chanceOf(seed: number): Chance {
  return (...name) => {
    let hash = 2_166_136_261 ^ seed
    for (const char of name.join('\0')) hash = Math.imul(hash ^ char.codePointAt(0)!, 16_777_619)
    // The finish of MurmurHash3, so that names that differ in their last letter are far apart.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
    return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296
  }
}

/** How many of something happen that happen `mean` times on average (Poisson). */
export function countOf(mean: number, chance: Chance, ...name: (string | number)[]): number {
  const floor = Math.exp(-mean)
  let product = 1
  for (let count = 0; count < 200; count++) {
    product *= chance(...name, count)
    if (product < floor) return count
  }
  return 200
}

export function pick<T>(list: readonly T[], at: number): T {
  return list[Math.floor(at * list.length)]!
}
