import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeShape, sampleOf } from '../../base/schema/json-schema-words.ts'
import { describeIssues } from '../../base/schema/schema.ts'
import type { Session } from '../../store/database.ts'
import { payloadOf } from '../../store/journal/events.ts'
import { openSignalWaits } from '../../store/journal/said.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import type { JsonSchemaCheck } from '../deciding/edit.ts'

/** A signal that a run waits for. */
export interface AwaitedSignal {
  name: string
  /** JSON Schema of what it takes; null where it takes anything, or that is not known. */
  schema: Json | null
}

/** The signals that a run waits for, as its journal has it: of two waits for one name, the one that is served first. */
export async function awaitedSignals(
  session: Session,
  run: Pick<RunRow, 'no' | 'open_seq'>,
): Promise<AwaitedSignal[]> {
  const open = await openSignalWaits(session, run)
  const first = new Map<string, AwaitedSignal>()
  for (const event of open) {
    const { name } = event
    const { schema = null } = payloadOf(event, 'signal-awaited')
    if (!first.has(name)) first.set(name, { name, schema })
  }
  return [...first.values()]
}

/** What to tell who sends a signal that a parked run would set aside; undefined when it may go. */
export async function unfitSignal(
  session: Session,
  run: Pick<RunRow, 'no' | 'id' | 'open_seq'>,
  signal: { name: string; payload: Json },
  check: JsonSchemaCheck,
): Promise<ReeveError | undefined> {
  const awaited = (await awaitedSignals(session, run)).find(({ name }) => name === signal.name)
  if (!awaited || awaited.schema === null) return
  const issues = await check(awaited.schema, signal.payload)
  if (issues.length === 0) return
  const sample = sampleOf(awaited.schema)
  const example = sample === undefined ? '' : `, such as ${JSON.stringify(sample)}`
  return new ReeveError(
    'unfit-signal',
    `Run ${run.id} waits for signal "${signal.name}", and this payload does not fit: ${describeIssues(issues)}. It must be ${describeShape(awaited.schema)}${example}. Nothing was sent, and the run waits on.`,
  )
}
