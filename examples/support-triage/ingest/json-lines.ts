import { readLines } from './lines.ts'
import type { Fault } from './ticket.ts'

/** Streams the objects of a `.jsonl` file; a line that is not one JSON object is reported, and reading goes on. */
export async function* readJsonLines(
  path: string,
): AsyncGenerator<{ ok: true; line: number; values: Record<string, unknown> } | Fault> {
  let line = 0
  for await (const text of readLines(path)) {
    line++
    if (text.trim() === '') continue
    const where = `${path}:${line}`
    try {
      const value: unknown = JSON.parse(text)
      if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
        yield { ok: true, line, values: value as Record<string, unknown> }
      } else {
        yield { ok: false, where, problem: 'this line is JSON but not an object' }
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      yield { ok: false, where, problem: `not a line of JSON: ${reason}` }
    }
  }
}
