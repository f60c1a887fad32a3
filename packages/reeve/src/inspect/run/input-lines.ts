import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { startsOf } from '../../store/journal/said.ts'
import { readOfInput } from '../../store/runs/run-lists.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/** As much of an input as a line of a list may need (characters). */
const longest = 200

/** The beginning of what runs were given, as JSON, by their number; none where it was pruned or lies in a blob. */
export async function inputLines(
  session: Session,
  runs: readonly Pick<RunRow, 'no'>[],
): Promise<Map<number, string>> {
  if (runs.length === 0) return new Map()
  const rows = await startsOf(
    session,
    runs.map(({ no }) => no),
    readOfInput,
  )
  return new Map(
    rows.flatMap(({ run, payload }) => {
      const line = payload === null ? undefined : inputIn(payload)
      return line === undefined ? [] : [[run, line] as const]
    }),
  )
}

/** Of a payload that may be cut off. */
function inputIn(payload: string): string | undefined {
  const whole = payloadIfSound({ type: 'run-started', payload }, 'run-started')
  if (whole) return whole.input === undefined ? undefined : JSON.stringify(whole.input).slice(0, longest)
  const at = payload.indexOf('"input":')
  return at < 0 ? undefined : payload.slice(at + '"input":'.length).slice(0, longest)
}
