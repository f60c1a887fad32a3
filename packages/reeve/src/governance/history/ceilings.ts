import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import { recordAct } from '../../store/authority/authority-log.ts'
import { lastPolicies, latestCeilings, noteCeiling, notePolicies } from '../../store/authority/ceilings.ts'
import type { Database, Session } from '../../store/database.ts'
import type { Grant, PreparedGrant } from '../grants/grant.ts'

/** What the code of an agent or workflow lets it do at most. */
export interface Ceiling {
  /** Null: its code says nothing. A workflow is unlimited then; an agent may call each of its tools. */
  grants: readonly Grant[] | null
  /** Of an agent: what it or its team lists. */
  tools?: readonly string[]
  /** Its code has a checklist: it has a level, and begins at `observe`. */
  isLevelled?: true
  /** Of an agent: the hash of all that shapes its answers. */
  version?: string
}

/** An agent or workflow, as far as its ceiling goes. */
export interface Bounded {
  /** `agent:NAME` or `workflow:NAME`. */
  id: string
  ceiling: Ceiling
}

export function ceilingOfWorkflow({
  name,
  grants,
  readiness,
}: {
  name: string
  grants?: unknown
  readiness?: unknown
}): Bounded {
  const said = grants as readonly PreparedGrant[] | undefined
  return {
    id: `workflow:${name}`,
    ceiling: { grants: said?.map(({ source }) => source) ?? null, ...levelled(readiness) },
  }
}

export function ceilingOfAgent(agent: {
  name: string
  grants: readonly PreparedGrant[]
  hasGrants: boolean
  listed: readonly string[]
  readiness: unknown
  fingerprint: string
}): Bounded {
  const { name, grants, hasGrants, listed, readiness, fingerprint } = agent
  const said = hasGrants ? grants.map(({ source }) => source) : null
  return {
    id: `agent:${name}`,
    ceiling: { grants: said, tools: [...listed].sort(), ...levelled(readiness), version: fingerprint },
  }
}

function levelled(readiness: unknown): { isLevelled?: true } {
  return readiness === undefined ? {} : { isLevelled: true }
}

/**
 * Writes down what code grants from when on: what is new or has changed since it was last seen gets a row, and the log of
 * authority an act that names the policy as a whole. Nothing changed: nothing is written.
 */
export async function noteCeilings(
  database: Database,
  all: readonly Bounded[],
  { now, policies }: { now: number; policies: string },
): Promise<void> {
  const found = all.map(({ id, ceiling }) => {
    const text = JSON.stringify(ceiling)
    return { principal: id, ceiling: text, hash: sha256(canonical(JSON.parse(text) as Json)), seen_at: now }
  })
  const before = await stateOf(database)
  const isKnown = found.every(({ principal, hash }) => before.hashes.get(principal) === hash)
  if (isKnown && (before.policies === policies || found.length === 0)) return
  await database.transaction(async (session) => {
    const known = await stateOf(session)
    let changed = known.policies !== policies
    for (const row of found) changed = (await noteCeiling(session, row)) || changed
    if (!changed) return
    await notePolicies(session, policies)
    const after = await stateOf(session)
    await recordAct(session, {
      type: 'policy-changed',
      by: 'reeve',
      proof: 'started-by-reeve',
      subject: 'the project',
      at: now,
      details: { before: known.isEmpty ? null : hashOf(known), policy: hashOf(after) },
    })
  })
}

interface Seen {
  isEmpty: boolean
  hashes: Map<string, string>
  policies: string | undefined
}

async function stateOf(session: Session): Promise<Seen> {
  const rows = await latestCeilings(session)
  const policies = await lastPolicies(session)
  return {
    isEmpty: rows.length === 0,
    hashes: new Map(rows.map(({ principal, hash }) => [principal, hash])),
    policies,
  }
}

function hashOf({ hashes, policies }: Seen): string {
  return sha256(JSON.stringify([[...hashes].sort(), policies ?? null])).slice(0, 16)
}

/**
 * Notes the ceilings of agents that no file of the project exports, when each first acts in this process: in the background, for
 * it is about a ceiling, and each call has its own ruling in the journal.
 */
export class SeenCeilings {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  readonly #policies: string
  readonly #seen = new WeakSet<object>()
  #writing: Promise<void> = Promise.resolve()

  constructor(options: { database: Database; clock: Clock; log: Log; policies: string }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#log = options.log
    this.#policies = options.policies
  }

  saw(agent: object, bounded: () => readonly Bounded[]): void {
    if (this.#seen.has(agent)) return
    this.#seen.add(agent)
    this.#writing = this.#writing.then(() => this.note(bounded()))
  }

  /** What fails is said: the journal has each ruling all the same. */
  async note(all: readonly Bounded[]): Promise<void> {
    try {
      await noteCeilings(this.#database, all, { now: this.#clock.now(), policies: this.#policies })
    } catch (error) {
      this.#log.warn('what agents and workflows are granted by code could not be written down', {
        error: String(error),
      })
    }
  }

  /** Resolves when nothing of it is under way. */
  end(): Promise<void> {
    return this.#writing
  }
}
