import { ReeveError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Clock } from '../base/time/time.ts'
import type { Database } from '../store/database.ts'
import {
  amendItem,
  type Changed,
  type ChangedBy,
  endItem,
  previewRollback,
  type RollbackOf,
  rollBack,
} from '../store/memory/item-changes.ts'
import { type Item, type ItemKind, itemRow, type NewItem, readVersions } from '../store/memory/items.ts'
import { NearestItems } from '../store/memory/nearest-items.ts'
import { approvalsRestingOn } from '../store/memory/rests/resting-approvals.ts'
import { Spellings } from '../store/memory/words/item-spellings.ts'
import { type EmbedCall, type Embedder, embeddedText, notEmbedded, unitVector } from './embedder.ts'
import { reembed } from './reembed.ts'
import { normalizeScope } from './scopes.ts'
import { ItemCache } from './search/item-cache.ts'
import { Search, type SearchOptions, type SearchResult } from './search/search.ts'
import { readItemTerms } from './search/terms.ts'

/** For `ctx.remember`. */
export interface RememberOptions {
  /** A path such as `customers/ada`. Default: none, found by unscoped searches only. */
  scope?: string | undefined
  /** Default: the scope. */
  title?: string | undefined
  /** Where it comes from, for people: a mail, a document. Default: the run and its call. */
  source?: string | undefined
  /** What it is. Default `fact`. */
  kind?: Exclude<ItemKind, 'passage'> | undefined
  /** From when on what it says holds. Default: it holds already. */
  validFrom?: Date | undefined
  /** When what it says ceases to hold: from then on it is not found. Default: never. */
  validUntil?: Date | undefined
  /**
   * That the text holds nothing from outside (mail, web, documents, what a model wrote of them). Default false: it is
   * marked as untrusted, and what recalls it sees the mark.
   */
  trusted?: boolean | undefined
  /**
   * The words that it rests upon, as they stand in the run's input or in what a tool, a signal or an earlier answer gave. Default:
   * the text itself. Once the run has recalled anything, only what stands there counts as new.
   */
  evidence?: string | readonly string[] | undefined
}

/** Who remembers, and when (ms). */
export interface Origin {
  id: string
  run: string
  step: number
  at: number
}

const maxText = 16_000
const maxLabel = 500

/**
 * What Reeve knows, kept in the database: passages of documents and what runs remembered, found by words and vectors.
 */
export class Memory {
  readonly database: Database
  readonly clock: Clock
  /** New items are embedded by it. */
  readonly embedder: Embedder
  readonly nearest: NearestItems
  readonly spellings: Spellings
  readonly #search: Search
  readonly #onUnembedded: ((error: unknown) => void) | undefined
  readonly #options: ConstructorParameters<typeof Memory>[0]

  /**
   * @param options.others embedders that may have made vectors that are there: they answer until those are made anew
   * @param options.onUnembedded told why the vector of something that was taken in is missing: it is found by words, and embedded
   *   by a later `reembed`
   * @param options.mostCached of so many current items a copy is kept in this process. Default 4,000; 0: none is.
   */
  constructor(options: {
    database: Database
    clock: Clock
    embedder: Embedder
    others?: readonly Embedder[]
    onUnembedded?: (error: unknown) => void
    mostCached?: number
  }) {
    const { database, clock, embedder, others = [], mostCached } = options
    this.#options = options
    this.database = database
    this.clock = clock
    this.embedder = embedder
    this.#onUnembedded = options.onUnembedded
    this.nearest = new NearestItems(database)
    this.spellings = new Spellings(database)
    const byName = new Map([...others, embedder].map((one) => [one.name, one]))
    const cache = new ItemCache(database, embedder.name, mostCached)
    this.#search = new Search(database, this.nearest, byName, cache, this.spellings)
  }

  /** The same, changed through a session that does more in the same commit. */
  through(database: Database): Memory {
    return new Memory({ ...this.#options, database })
  }

  /** The items that fit a query best. Where an embedder is not to be had, words alone find, and the audit says so. */
  recall(query: string, options: SearchOptions = {}, call?: EmbedCall): Promise<SearchResult> {
    return this.#search.find(query, options, this.clock.now(), call)
  }

  noteUnembedded(error: unknown): void {
    this.#onUnembedded?.(error)
  }

  /** An item, to be written in the commit that records its call. @throws `bad-memory` */
  async prepare(
    text: string,
    options: RememberOptions,
    { id, run, step, at }: Origin,
    call?: EmbedCall,
  ): Promise<NewItem> {
    const { kind = 'fact', trusted = false, validFrom, validUntil } = options
    const scope = normalizeScope(options.scope ?? '')
    const said = {
      scope,
      title: options.title ?? scope,
      text,
      source: options.source ?? `run ${run}, call ${step}`,
    }
    requireMemorable(said)
    return {
      ...said,
      ...(await this.#found({ ...said, heading: '', kind }, call)),
      id,
      version: 1,
      kind,
      document: null,
      place: null,
      untrusted: !trusted,
      run,
      step,
      validFrom: timeOf(validFrom, 'validFrom'),
      validUntil: timeOf(validUntil, 'validUntil'),
      at,
    }
  }

  /** Writes what was prepared, outside of a run's commit. */
  async keep(item: NewItem): Promise<void> {
    const { statement, values } = itemRow(item)
    await this.database.bulk(statement, [values])
  }

  /** What an item is found by: by words alone, until it is embedded, where the embedder is not to be had. */
  async #found(
    item: { title: string; heading: string; text: string; kind: ItemKind },
    call: EmbedCall | undefined,
  ) {
    const column = await this.nearest.column()
    const vector = await unitVector(this.embedder, embeddedText(item), call).catch((error) => {
      call?.signal?.throwIfAborted()
      call?.missed?.(error)
      this.noteUnembedded(error)
      return undefined
    })
    return {
      heading: item.heading,
      hash: sha256(item.text),
      ...readItemTerms(item),
      embedder: vector === undefined ? notEmbedded : this.embedder.name,
      vector: vector ?? null,
      placed: column !== undefined,
    }
  }

  /**
   * Puts another text in an item's place; what stood there stays in its history.
   * @param options.from the version that was looked at
   * @param options.run whose call of number `step` amends: once, however often it is made
   * @throws `unknown-memory` `memory-changed` `bad-memory`
   */
  async amend(
    id: string,
    text: string,
    change: Omit<ChangedBy, 'at'>,
    options: { from?: number | undefined; run?: string; step?: number; call?: EmbedCall } = {},
  ): Promise<Item> {
    const { from, run = null, step = null, call } = options
    const versions = await readVersions(this.database, id)
    const before = versions.at(-1)
    if (!before) throw unknown(id)
    const done = versions.find((one) => run !== null && one.run === run && one.step === step)
    if (done) return done
    requireMemorable({ scope: before.scope, title: before.title, text, source: before.source })
    const at = this.clock.now()
    const next: NewItem = {
      ...before,
      text,
      ...(await this.#found({ ...before, text }, call)),
      version: before.version + 1,
      run,
      step,
      at,
    }
    return accepted(id, await amendItem(this.database, next, from ?? before.version, { ...change, at }))
  }

  /** An item is not found any more; whoever had retracted it before has done so. @throws `unknown-memory` `memory-changed` */
  async retract(id: string, change: Omit<ChangedBy, 'at'>, from?: number): Promise<Item> {
    const by = { ...change, at: this.clock.now() }
    const changed = await endItem(this.database, id, 'retracted', by, from)
    if (!changed.ok && changed.item?.endedAs === 'retracted' && changed.item.endedBy === change.by)
      return changed.item
    return accepted(id, changed)
  }

  /** An item's words are gone, from all its versions. @throws `unknown-memory` */
  async redact(id: string, change: Omit<ChangedBy, 'at'>): Promise<Item> {
    return accepted(id, await endItem(this.database, id, 'redacted', { ...change, at: this.clock.now() }))
  }

  /** What a rollback would take back, and the pending approvals that rest on it. */
  async preview(of: RollbackOf): Promise<{ count: number; ids: string[]; approvals: string[] }> {
    const found = await previewRollback(this.database, of)
    return { ...found, approvals: await approvalsRestingOn(this.database, found.ids) }
  }

  /** Takes back what was recorded of an item, a source or a run, or since a time, in one transaction. @throws `approval-rests-on-it` */
  rollBack(
    of: RollbackOf,
    change: Omit<ChangedBy, 'at'>,
    options: { despiteApprovals?: boolean } = {},
  ): Promise<{ ended: number; restored: number }> {
    return rollBack(this.database, of, { ...change, at: this.clock.now() }, options)
  }

  /** All versions of an item, the first one first. @throws `unknown-memory` */
  async history(id: string): Promise<Item[]> {
    const versions = await readVersions(this.database, id)
    if (versions.length === 0) throw unknown(id)
    return versions
  }

  /** Makes the vectors anew that another embedder made; those still answer meanwhile. @returns how many */
  reembed(signal?: AbortSignal): Promise<number> {
    return reembed(this.database, this.nearest, this.embedder, signal)
  }
}

function timeOf(value: Date | undefined, name: string): number | null {
  if (value === undefined) return null
  const time = value instanceof Date ? value.getTime() : Number.NaN
  if (!Number.isSafeInteger(time))
    throw new ReeveError('bad-memory', `\`${name}\` of what is to be remembered is not a time. Give a Date.`)
  return time
}

function unknown(id: string): ReeveError {
  return new ReeveError(
    'unknown-memory',
    `There is no item "${id}" in memory. Look: reeve memory search TEXT`,
  )
}

function accepted(id: string, changed: Changed): Item {
  if (changed.ok) return changed.item
  if (changed.problem === 'unknown') throw unknown(id)
  const { version, endedAs } = changed.item!
  const how = changed.problem === 'ended' ? `was ${endedAs} before` : `has version ${version} by now`
  throw new ReeveError(
    'memory-changed',
    `Item "${id}" ${how}. Nothing was changed: look at it again (reeve memory history ${id}).`,
  )
}

/** @throws `bad-memory` */
function requireMemorable(item: { scope: string; title: string; text: string; source: string }): void {
  for (const [name, value] of Object.entries(item)) {
    const most = name === 'text' ? maxText : maxLabel
    const wrong =
      typeof value !== 'string'
        ? `is a ${typeof value}`
        : value.length > most
          ? `has ${value.length} characters; the most is ${most}`
          : value.includes('\0') || !value.isWellFormed()
            ? 'holds characters that no database keeps (NUL, or half of a pair)'
            : undefined
    if (wrong === undefined) continue
    throw new ReeveError(
      'bad-memory',
      `The ${name} of what is to be remembered ${wrong}. Remember single facts; documents belong in knowledge/.`,
    )
  }
  if (item.text.trim() === '') throw new ReeveError('bad-memory', 'What is to be remembered is empty.')
}
