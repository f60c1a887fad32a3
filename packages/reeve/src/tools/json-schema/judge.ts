import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { identityOf } from './identity.ts'
import { judgeArray, judgeObject } from './judge-parts.ts'
import { judgeNumber, judgeString } from './judge-texts.ts'
import type { ReadSchema } from './node.ts'
import { type JsonType, type SchemaNode, typeOf } from './node.ts'
import { add, type Complaint, type Judge, Spot, type Verdict } from './spot.ts'

/**
 * Steps are counted so that one takes about 50 ns: the most that a value and its schema can keep the process busy is some
 * 50 ms, whoever wrote them, and a replay comes to the same answer.
 */
const mostSteps = 1_000_000
/** What one schema costs, whatever it says. */
const schemaSteps = 8
/** Of schemas and values inside one another. */
const deepest = 600

class CannotJudge extends Error {}

/** What is wrong with a value; nothing when it fits. The work is bounded, whatever the value and the schema are. */
export function judge({ root, tracks }: ReadSchema, value: unknown): StandardSchemaV1.Issue[] {
  if (value === undefined) return [{ message: 'It is missing.' }]
  try {
    const { issues } = new Judging(tracks).judge(root, new Spot(value as Json, undefined, ''))
    return issues.map(({ spot, message }) => ({ message, path: spot.path }))
  } catch (error) {
    if (error instanceof CannotJudge || error instanceof RangeError) return [{ message: messageOf(error) }]
    throw error
  }
}

class Judging implements Judge {
  readonly tracks: boolean
  #steps = 0
  #depth = 0

  constructor(tracks: boolean) {
    this.tracks = tracks
  }

  /** Counts work before it is done. @throws when it is more than is allowed */
  readonly spend = (steps: number): void => {
    this.#steps += steps
    if (this.#steps <= mostSteps) return
    throw new CannotJudge(
      `It cannot be checked: its schema and its size together take more than ${mostSteps} steps. Give less at once.`,
    )
  }

  /** A schema that others refer to judges each value once: combinations of combinations are not worked out again. */
  judge(node: SchemaNode, spot: Spot): Verdict {
    const known = node.isShared ? spot.verdicts?.get(node) : undefined
    if (known) return known
    this.spend(schemaSteps)
    if (++this.#depth > deepest) {
      throw new CannotJudge(
        `Its schema cannot be followed: at ${node.place} it refers to itself without an end, or the value is nested too deep.`,
      )
    }
    const verdict = this.#judge(node, spot)
    this.#depth--
    if (node.isShared) spot.keep(node, verdict)
    return verdict
  }

  #judge(node: SchemaNode, spot: Spot): Verdict {
    if (node.never) return { issues: [{ spot, message: 'It may not be there.' }] }
    const verdict: Verdict = { issues: [] }
    if (this.tracks) verdict.seen = new Set()
    const type = typeOf(spot.value)
    if (node.types && !hasType(node.types, type, spot.value)) {
      return {
        ...verdict,
        issues: [{ spot, message: `It must be ${[...node.types].join(' or ')}, and is ${type}.` }],
      }
    }
    if (node.values) this.#values(node.values, spot, verdict)
    this.#combinations(node, spot, verdict)
    if (type === 'object' && node.object) judgeObject(this, node.object, spot, verdict)
    else if (type === 'array' && node.array) judgeArray(this, node.array, spot, verdict)
    else if (type === 'number' && node.number) judgeNumber(node.number, spot, verdict)
    else if (type === 'string' && node.string) judgeString(this, node.string, spot, verdict)
    return verdict
  }

  #values({ identities, shown }: NonNullable<SchemaNode['values']>, spot: Spot, verdict: Verdict): void {
    if (identities.has(identityOf(spot, this.spend))) return
    const only = identities.size === 1
    add(verdict, [{ spot, message: only ? `It must be ${shown}.` : `It must be one of ${shown}.` }])
  }

  #combinations(node: SchemaNode, spot: Spot, verdict: Verdict): void {
    if (node.ref) this.take(verdict, this.judge(node.ref, spot))
    for (const each of node.allOf ?? []) this.take(verdict, this.judge(each, spot))
    if (node.anyOf) {
      const all = node.anyOf.map((each) => this.judge(each, spot))
      const fitting = all.filter(({ issues }) => issues.length === 0)
      for (const each of fitting) this.take(verdict, each)
      if (fitting.length === 0) {
        add(verdict, [{ spot, message: `It fits none of ${all.length} schemas.` }, ...nearest(all)])
      }
    }
    if (node.oneOf) {
      const all = node.oneOf.map((each) => this.judge(each, spot))
      const fitting = all.filter(({ issues }) => issues.length === 0)
      if (fitting.length === 1) this.take(verdict, fitting[0]!)
      else if (fitting.length === 0) {
        add(verdict, [{ spot, message: `It fits none of ${all.length} schemas.` }, ...nearest(all)])
      } else add(verdict, [{ spot, message: `It fits ${fitting.length} schemas and must fit exactly one.` }])
    }
    if (node.not && this.judge(node.not, spot).issues.length === 0) {
      add(verdict, [{ spot, message: 'It fits a schema that it must not fit.' }])
    }
    if (node.condition) {
      const asked = this.judge(node.condition.if, spot)
      const holds = asked.issues.length === 0
      if (holds) this.take(verdict, asked)
      const next = holds ? node.condition.then : node.condition.else
      if (next) this.take(verdict, this.judge(next, spot))
    }
  }

  /** What another schema says of the same value, as a part of this one. */
  take(verdict: Verdict, other: Verdict): void {
    add(verdict, other.issues)
    if (!verdict.seen || !other.seen || other.issues.length > 0) return
    this.spend(other.seen.size * 8)
    for (const key of other.seen) verdict.seen.add(key)
  }
}

/** What the alternative that fits best complains of: the others were hardly meant. */
function nearest(all: readonly Verdict[]): Complaint[] {
  return all.reduce((best, each) => (each.issues.length < best.issues.length ? each : best)).issues
}

function hasType(types: ReadonlySet<JsonType | 'integer'>, type: JsonType, value: Json): boolean {
  return types.has(type) || (type === 'number' && types.has('integer') && Number.isInteger(value))
}
