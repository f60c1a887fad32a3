import type { Json } from '../../base/json/json.ts'
import type { SchemaNode } from './node.ts'

/** Something that is wrong, and where. */
export interface Complaint {
  spot: Spot
  message: string
}

/** What a schema says of one value. */
export interface Verdict {
  /** Empty: it fits. */
  issues: Complaint[]
  /** Property names and indexes that were looked at, where the schema asks for it. */
  seen?: Set<string | number>
}

/** Judges parts of values for the rules that ask about them. */
export interface Judge {
  judge(node: SchemaNode, spot: Spot): Verdict
  /** Adds what another schema says of the same value. */
  take(verdict: Verdict, other: Verdict): void
  /** Counts work before it is done. @throws when it is more than is allowed */
  readonly spend: (steps: number) => void
}

export const mostIssues = 20

/** A value at its place in the whole, with what is known of it so far. */
export class Spot {
  readonly value: Json
  readonly #parent: Spot | undefined
  readonly #key: string | number
  #children: Map<string | number, Spot> | undefined
  verdicts: Map<SchemaNode, Verdict> | undefined
  /** The same for equal values, and for no others. */
  identity: string | undefined

  constructor(value: Json, parent: Spot | undefined, key: string | number) {
    this.value = value
    this.#parent = parent
    this.#key = key
  }

  /** A property or an item. */
  child(key: string | number): Spot {
    this.#children ??= new Map()
    let child = this.#children.get(key)
    if (!child) {
      child = new Spot((this.value as { [key: string | number]: Json })[key]!, this, key)
      this.#children.set(key, child)
    }
    return child
  }

  keep(node: SchemaNode, verdict: Verdict): void {
    this.verdicts ??= new Map()
    this.verdicts.set(node, verdict)
  }

  get path(): PropertyKey[] {
    const path: PropertyKey[] = []
    for (let spot: Spot = this; spot.#parent; spot = spot.#parent) path.push(spot.#key)
    return path.reverse()
  }
}

export function add(verdict: Verdict, issues: readonly Complaint[]): void {
  for (const issue of issues) {
    if (verdict.issues.length >= mostIssues) return
    verdict.issues.push(issue)
  }
}
