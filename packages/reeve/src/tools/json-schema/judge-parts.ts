import type { Json } from '../../base/json/json.ts'
import { shorten } from '../../base/text/shorten.ts'
import { identityOf } from './identity.ts'
import type { ArrayRules, ObjectRules, SchemaNode } from './node.ts'
import { add, type Judge, mostIssues, Spot, type Verdict } from './spot.ts'

const propertySteps = 24
const itemSteps = 12

export function judgeObject(judging: Judge, rules: ObjectRules, spot: Spot, verdict: Verdict): void {
  const value = spot.value as { [key: string]: Json | undefined }
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
  judging.spend(names.length * propertySteps)
  countIssues(rules, names.length, 'properties', spot, verdict)
  for (const name of missing(rules.required, value))
    add(verdict, [{ spot, message: `"${shown(name)}" is missing.` }])
  for (const [name, wanted] of rules.dependentRequired ?? []) {
    if (!has(value, name)) continue
    judging.spend(wanted.length * 4)
    for (const other of missing(wanted, value)) {
      add(verdict, [{ spot, message: `"${shown(other)}" is missing, which "${shown(name)}" needs.` }])
    }
  }
  for (const [name, node] of rules.dependentSchemas ?? []) {
    judging.spend(4)
    if (has(value, name)) judging.take(verdict, judging.judge(node, spot))
  }
  for (const name of names) {
    if (verdict.issues.length >= mostIssues) return
    judgeProperty(judging, rules, spot.child(name), name, verdict)
  }
}

function judgeProperty(judging: Judge, rules: ObjectRules, property: Spot, name: string, verdict: Verdict) {
  const { names, properties, patterns, additional, unevaluated } = rules
  if (names) add(verdict, judging.judge(names, new Spot(name, property, 'its name')).issues)
  const own = properties?.get(name)
  let isKnown = own !== undefined
  let fits = own ? fitsInto(judging, own, property, verdict) : true
  for (const { pattern, node } of patterns ?? []) {
    judging.spend(pattern.cost(name.length))
    if (!pattern.test(name)) continue
    isKnown = true
    fits = fitsInto(judging, node, property, verdict) && fits
  }
  if (!isKnown && additional) {
    isKnown = true
    fits = fitsInto(judging, additional, property, verdict)
  }
  if (!isKnown && unevaluated && !verdict.seen?.has(name)) {
    isKnown = true
    fits = fitsInto(judging, unevaluated, property, verdict)
  }
  if (isKnown && fits) verdict.seen?.add(name)
}

export function judgeArray(judging: Judge, rules: ArrayRules, spot: Spot, verdict: Verdict): void {
  const items = spot.value as Json[]
  judging.spend(items.length * itemSteps)
  countIssues(rules, items.length, 'items', spot, verdict)
  const { prefix = [], rest, contains, unevaluated, isUnique } = rules
  const ends = rest ? items.length : Math.min(prefix.length, items.length)
  for (let index = 0; index < ends && verdict.issues.length < mostIssues; index++) {
    const node = prefix[index] ?? rest!
    if (fitsInto(judging, node, spot.child(index), verdict)) verdict.seen?.add(index)
  }
  if (contains) judgeContains(judging, contains, spot, verdict)
  if (unevaluated) {
    for (let index = ends; index < items.length && verdict.issues.length < mostIssues; index++) {
      if (verdict.seen?.has(index)) continue
      if (fitsInto(judging, unevaluated, spot.child(index), verdict)) verdict.seen?.add(index)
    }
  }
  if (isUnique) judgeUnique(judging, spot, verdict)
}

function judgeContains(
  judging: Judge,
  { node, least, most }: NonNullable<ArrayRules['contains']>,
  spot: Spot,
  verdict: Verdict,
): void {
  const items = spot.value as Json[]
  let found = 0
  judging.spend(items.length * itemSteps)
  for (let index = 0; index < items.length; index++) {
    if (judging.judge(node, spot.child(index)).issues.length > 0) continue
    found++
    verdict.seen?.add(index)
  }
  if (found < least)
    add(verdict, [{ spot, message: `It has ${found} of the items that it must have ${least} of.` }])
  if (found > most)
    add(verdict, [{ spot, message: `It has ${found} of the items that it may have ${most} of.` }])
}

/** Equal values have equal texts, so that each is looked up once and not compared with all others. */
function judgeUnique(judging: Judge, spot: Spot, verdict: Verdict): void {
  const first = new Map<string, number>()
  for (let index = 0; index < (spot.value as Json[]).length; index++) {
    const text = identityOf(spot.child(index), judging.spend)
    const other = first.get(text)
    if (other !== undefined) {
      add(verdict, [{ spot, message: `Its items ${other} and ${index} are equal.` }])
      return
    }
    first.set(text, index)
  }
}

function fitsInto(judging: Judge, node: SchemaNode, spot: Spot, verdict: Verdict): boolean {
  const { issues } = judging.judge(node, spot)
  add(verdict, issues)
  return issues.length === 0
}

function countIssues(
  { least, most }: { least?: number | undefined; most?: number | undefined },
  count: number,
  what: string,
  spot: Spot,
  verdict: Verdict,
): void {
  if (least !== undefined && count < least) {
    add(verdict, [{ spot, message: `It has ${count} ${what}, and needs at least ${least}.` }])
  }
  if (most !== undefined && count > most) {
    add(verdict, [{ spot, message: `It has ${count} ${what}, and may have at most ${most}.` }])
  }
}

function missing(names: readonly string[] | undefined, value: object): string[] {
  return (names ?? []).filter((name) => !has(value, name))
}

function has(value: object, name: string): boolean {
  return Object.hasOwn(value, name) && (value as { [key: string]: unknown })[name] !== undefined
}

function shown(name: string): string {
  return shorten(name, 100)
}
