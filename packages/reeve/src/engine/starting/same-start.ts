import { ReeveError } from '../../base/errors.ts'
import { canonical } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { Session } from '../../store/database.ts'
import { payloadAt } from '../../store/journal/journal.ts'
import { openJson } from '../../store/marks/open-kept.ts'
import { type KeyedRun, runWithKey } from '../../store/runs/changes/keyed.ts'
import { hashOfGiven, type PreparedStart, type StartOptions } from './prepared-start.ts'
import { givenIn } from './run-input.ts'

/**
 * The id of the run that was started under the key of `start` before; undefined when there is none any more.
 * @throws `idempotency-conflict` when it was given another input, unless the caller wants it all the same
 */
export async function startedBefore(
  session: Session,
  start: PreparedStart,
  input: unknown,
  options: StartOptions,
): Promise<string | undefined> {
  const { workflow, idempotency } = start.run
  const there = await runWithKey(session, workflow, idempotency)
  return there && sameOrConflict(session, there, start, input, options)
}

/**
 * The same for whom callers are told apart by: of before each had keys of their own, a run of this caller may have the bare
 * key, and is still the one that is meant. Undefined: there is none.
 */
export async function startedUnscoped(
  session: Session,
  start: PreparedStart,
  input: unknown,
  options: StartOptions,
): Promise<string | undefined> {
  if (options.idempotencyKey === undefined) return undefined
  const { workflow, principal } = start.run
  const there = await runWithKey(session, workflow, options.idempotencyKey)
  return there?.principal === principal ? sameOrConflict(session, there, start, input, options) : undefined
}

async function sameOrConflict(
  session: Session,
  there: KeyedRun,
  { run: { workflow, idempotency, given: kept }, payload }: PreparedStart,
  input: unknown,
  { ifKeyExists, idempotencyKey }: StartOptions,
): Promise<string> {
  const given = kept ?? hashOfGiven(givenIn(payload))
  if (ifKeyExists === 'return' || there.given === given) return there.id
  const known = await keptInput(session, there.no)
  // Of marked inputs no hash is kept, as of runs of before there were any: the journal has the input itself, as it was given.
  if (there.given === null && known !== undefined && hashOfGiven(known) === given) return there.id
  const parts = differing(input, known, '')
  const key = idempotencyKey ?? idempotency
  const where =
    parts.length === 0
      ? ''
      : ` They differ at: ${parts.slice(0, most).join(', ')}${parts.length > most ? ', …' : ''}.`
  throw new ReeveError(
    'idempotency-conflict',
    `Run ${there.id} of workflow "${workflow}" was started with the idempotency key "${key}" and another input.${where} Give another input another key; or, to get the run that is there whatever its input, start with ifKeyExists: 'return' (on the command line: --if-key-exists return).`,
    { details: { run: there.id, key, differs: parts.slice(0, most) } },
  )
}

/** How many places a message names. */
const most = 3

async function keptInput(session: Session, run: number): Promise<unknown> {
  const first = await openJson(session, run, await payloadAt(session, run, 1))
  return first === undefined ? undefined : givenIn(first)
}

/**
 * Where two inputs differ, by path, those first that were given now: what only the other has, its schema may have added.
 * Not what stands there: who has a key need not know what it was used for.
 */
function differing(given: unknown, kept: unknown, path: string): string[] {
  if (!isRecord(kept) || !isRecord(given)) {
    return canonical(kept) === canonical(given) ? [] : [path || 'the whole input']
  }
  const names = new Set([...Object.keys(given), ...Object.keys(kept)])
  return [...names].flatMap((name) => differing(given[name], kept[name], path ? `${path}.${name}` : name))
}
