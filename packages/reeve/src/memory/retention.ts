import { ReeveError } from '../base/errors.ts'
import { checkOption, checkOptions, refuseUnknownOptions } from '../base/options.ts'
import { describeValue } from '../base/text/shorten.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import type { Database } from '../store/database.ts'
import { endItem } from '../store/memory/item-changes.ts'
import { type ItemKind, itemKinds } from '../store/memory/items.ts'
import { countOldItems, findOldItems, type OldItems } from '../store/memory/old-items.ts'
import { approvalsRestingOn } from '../store/memory/rests/resting-approvals.ts'
import { normalizeScope } from './scopes.ts'

/** How long what was remembered counts. */
export interface MemoryRetention {
  /** Since its last version was recorded. */
  after: Duration
  /** Of these kinds. Default: of all but passages, which go with their documents. */
  kinds?: readonly Exclude<ItemKind, 'passage'>[]
  /** In this scope and all below it. Default: in all. */
  scope?: string
  /** `retract`: it is not found any more. `redact`: its words go, too, from all versions. Default `retract`. */
  as?: 'retract' | 'redact'
}

/** What retention would end of memory, by the rules of the configuration. */
export interface OldMemory {
  kinds: readonly ItemKind[]
  scope: string
  as: OldItems['as']
  items: number
}

const remembered = itemKinds.filter((kind) => kind !== 'passage')
const known = ['after', 'kinds', 'scope', 'as'] satisfies (keyof MemoryRetention)[]
const rules = { kinds: 'texts', scope: 'text', as: 'text' } as const
const slice = 100

/** @throws `bad-config` `bad-duration` */
export function checkMemoryRetention(given: unknown): void {
  checkOption(given, '`memory.retention`', 'objects', 'bad-config')
  for (const [index, each] of ((given ?? []) as MemoryRetention[]).entries()) {
    const what = `memory.retention[${index}]`
    refuseUnknownOptions(each, what, known, 'bad-config')
    checkOptions(each, what, rules, 'bad-config')
    toMs(each.after, `after of ${what}`)
    if (each.scope !== undefined) normalizeScope(each.scope)
    const strange = each.kinds?.find((kind) => !remembered.includes(kind))
    if (strange !== undefined || each.kinds?.length === 0)
      throw new ReeveError(
        'bad-config',
        `kinds of ${what} has ${describeValue(strange)}; it must be one or more of ${remembered.join(', ')}.`,
      )
    if (each.as !== undefined && each.as !== 'retract' && each.as !== 'redact')
      throw new ReeveError(
        'bad-config',
        `as of ${what} is ${describeValue(each.as)}; it must be retract or redact.`,
      )
  }
}

function oldBy({ after, kinds = remembered, scope = '', as }: MemoryRetention, now: number): OldItems {
  return {
    kinds,
    scope: scope === '' ? '' : normalizeScope(scope),
    as: as === 'redact' ? 'redacted' : 'retracted',
    before: now - toMs(after),
  }
}

/** What `pruneMemory` would end now. */
export async function oldMemory(
  database: Database,
  retention: readonly MemoryRetention[],
  now: number,
): Promise<OldMemory[]> {
  const found: OldMemory[] = []
  for (const each of retention) {
    const { before: _, ...old } = oldBy(each, now)
    const items = await countOldItems(database, oldBy(each, now))
    if (items > 0) found.push({ ...old, items })
  }
  return found
}

/**
 * Ends what has outlived its time, with what was made of it; each is an act of its own in the log of authority. What a pending
 * approval rests on stays until that is decided. Answers how many ended.
 */
export async function pruneMemory(
  database: Database,
  retention: readonly MemoryRetention[],
  { now, signal }: { now: number; signal?: AbortSignal | undefined },
): Promise<number> {
  let ended = 0
  for (const each of retention) {
    const old = oldBy(each, now)
    const why = `older than ${each.after}, by memory.retention`
    for (let after = -1; !signal?.aborted; ) {
      const found = await findOldItems(database, old, { after, limit: slice })
      for (const { id, no } of found) {
        if (signal?.aborted) break
        after = no
        if ((await approvalsRestingOn(database, [id])).length > 0) continue
        const change = { by: 'reeve', why, at: now, proof: 'started-by-reeve' } as const
        if ((await endItem(database, id, old.as, change)).ok) ended++
      }
      if (found.length < slice) break
    }
  }
  return ended
}
