import type { FileHandle } from 'node:fs/promises'

export interface Line {
  /** From 1. */
  number: number
  /** Without its line end; absent when the line is longer than `maxLineBytes`. Never blank. */
  bytes?: Buffer
}

export const maxLineBytes = 4 * 1024 * 1024
const chunkBytes = 256 * 1024
const lineFeed = 10

/** A file's lines as bytes, those that are blank left out; a line without end costs no more memory than the longest one allowed. */
export async function* readLines(handle: FileHandle): AsyncGenerator<Line> {
  let number = 1
  let parts: Buffer[] = []
  let length = 0
  const take = (): Line => {
    const line: Line = length > maxLineBytes ? { number } : { number, bytes: Buffer.concat(parts) }
    number++
    parts = []
    length = 0
    return line
  }
  const keep = (part: Buffer) => {
    length += part.length
    if (length > maxLineBytes) parts = []
    else parts.push(part)
  }
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes)
    if (bytesRead === 0) break
    let start = 0
    for (;;) {
      const end = chunk.subarray(0, bytesRead).indexOf(lineFeed, start)
      if (end === -1) break
      if (length === 0 && isBlank(chunk, start, end)) number++
      else {
        keep(chunk.subarray(start, end))
        yield take()
      }
      start = end + 1
    }
    if (start < bytesRead) keep(chunk.subarray(start, bytesRead))
  }
  if (length > 0) yield take()
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 32) return false
  return true
}
