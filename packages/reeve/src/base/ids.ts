import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Makes ids: 9 characters of time (ms) so that ids sort by time, then 8 random ones (40 bits). Crockford base 32. */
export function createIds(now: () => number): () => string {
  const pool = new Uint8Array(4096)
  let used = pool.length
  let lastMs = -1
  let prefix = ''
  return () => {
    const ms = now()
    if (ms !== lastMs) {
      lastMs = ms
      prefix = base32(ms, 9)
    }
    if (used + 8 > pool.length) {
      randomFillSync(pool)
      used = 0
    }
    let suffix = ''
    for (let index = 0; index < 8; index++) suffix += alphabet[pool[used++]! & 31]
    return prefix + suffix
  }
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
