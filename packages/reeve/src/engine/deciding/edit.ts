import { ReeveError } from '../../base/errors.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { describeIssues, type Issue } from '../../base/schema/schema.ts'
import { findMask } from '../../base/secrets/secrets.ts'
import type { ApprovalOfRun, ApprovalRow } from '../../store/approvals/approvals.ts'

/** Checks a value against a JSON Schema. Given by the layers above, which know one. */
export type JsonSchemaCheck = (schema: Json, value: Json) => Promise<Issue[]>

/**
 * Says why the call would be denied as it is edited, as things are now; null: nothing denies it; undefined: that cannot be told
 * here. Given by the layers above, which know grants and policies.
 */
export type EditJudge = (approval: ApprovalOfRun, whole: Json) => Promise<string | null | undefined>

/** One field that a person changed; undefined: it was not there, or is there no more. */
export interface Change {
  field: string
  from: Json | undefined
  to: Json | undefined
}

export interface Edit {
  /** What is approved in the place of what was asked: all of it. */
  whole: Json
  changes: Change[]
}

/** An edit that may be approved. */
export interface CheckedEdit extends Edit {
  /** Nothing denies it now. False: that could not be told here, and it is judged as its run goes on. */
  isJudged: boolean
}

/** An approval as it stands after a decision; `isJudged`: of the edit that it was approved with. */
export type DecidedNow = ApprovalOfRun & Pick<CheckedEdit, 'isJudged'>

type Asked = Pick<ApprovalRow, 'id' | 'shown' | 'input_schema' | 'binds'>

/**
 * What an edit makes of an approval: its top-level keys are laid over what was given, before any transformation, and all
 * other keys stay. With `replaces` the edit is the whole. A value that is no object is replaced.
 * @throws `invalid-edit`
 */
export function readEdit(approval: Asked, edit: Json, replaces = false): Edit {
  const base = editableOf(approval)
  if (kindOf(base) !== kindOf(edit) && base !== null) {
    throw invalidEdit(approval, `it is ${kindOf(edit)}, and what was asked for is ${kindOf(base)}`)
  }
  const whole: Json = replaces || !isRecord(base) || !isRecord(edit) ? edit : { ...base, ...edit }
  const hidden = strayMask(base, whole)
  if (hidden !== undefined) {
    const where = hidden === '' ? 'it holds' : `${hidden} holds`
    throw invalidEdit(
      approval,
      `${where} the text [secret], which replaces a value that is not shown, and the text would be used in its place. Leave out what shall stay, or give that field without it`,
    )
  }
  if (!isRecord(base) || !isRecord(edit) || !isRecord(whole)) {
    const changed = canonical(base) !== canonical(edit)
    return { whole, changes: changed ? [{ field: '', from: base, to: edit }] : [] }
  }
  refuseUnknownFields(approval, base, edit)
  const fields = [...new Set([...Object.keys(base), ...Object.keys(whole)])]
  const changes = fields.flatMap((field): Change[] => {
    const [from, to] = [Object.hasOwn(base, field) ? base[field] : undefined, whole[field]]
    if (canonical(from ?? null) === canonical(to ?? null) && (from === undefined) === (to === undefined))
      return []
    if (approval.binds === null) refuseOtherKind(approval, field, from, to)
    return [{ field, from, to }]
  })
  return { whole, changes }
}

/** @throws `invalid-edit` with every issue; nothing is decided */
export async function checkEdit(approval: Asked, whole: Json, check: JsonSchemaCheck): Promise<void> {
  if (approval.input_schema === null) return
  const schema = JSON.parse(approval.input_schema) as Json
  const issues = await check(schema, whole)
  if (issues.length === 0) return
  // What code gave may be no JSON (a date); then the schema cannot be asked about it at all.
  if (!hasProblem(approval) && (await check(schema, editableOf(approval))).length > 0) return
  throw invalidEdit(approval, describeIssues(issues))
}

/** The same by grants, policies and effect budgets. @throws `invalid-edit` with why it would be denied; nothing is decided */
export async function judgeEdit(
  approval: ApprovalOfRun,
  edit: Edit,
  judge?: EditJudge,
): Promise<CheckedEdit> {
  if (approval.binds === null || edit.changes.length === 0) return { ...edit, isJudged: true }
  const why = await judge?.(approval, edit.whole)
  if (typeof why === 'string') throw invalidEdit(approval, `the call would be denied: ${why}`, 'is refused')
  return { ...edit, isJudged: why === null }
}

/** Where an edit has a secret's mask that does not stand for what was there: the value behind it could not be found. */
function strayMask(from: Json | undefined, to: Json | undefined, path = ''): string | undefined {
  if (!isRecord(to)) {
    if (to === undefined || (from !== undefined && canonical(from) === canonical(to))) return undefined
    return findMask(to, false, path)
  }
  for (const [key, inner] of Object.entries(to)) {
    const before = isRecord(from) && Object.hasOwn(from, key) ? from[key] : undefined
    const found = strayMask(before, inner, path === '' ? key : `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** What a decision keeps of an edit; undefined when it changes nothing of what is shown. */
export function editToKeep(
  approval: Pick<ApprovalRow, 'binds' | 'shown'>,
  { whole, changes }: CheckedEdit,
): Json | undefined {
  return changes.length > 0 || hasProblem(approval) !== undefined ? whole : undefined
}

/** What stands in the way of a plain yes; undefined when nothing does. */
export function hasProblem({ binds, shown }: Pick<ApprovalRow, 'binds' | 'shown'>): string | undefined {
  if (binds === null) return undefined
  return (JSON.parse(shown) as { problem?: string }).problem
}

/** What an edit is an edit of: what the tool was given, or, where no tool is bound, what was shown. */
export function editableOf({ binds, shown }: Asked): Json {
  const value = JSON.parse(shown) as Json
  if (binds === null) return value
  const { given, args } = value as { given?: Json; args: Json }
  return given === undefined ? args : given
}

/** A schema may drop what it does not know, and a misspelt field would change nothing. */
function refuseUnknownFields(
  approval: Asked,
  base: { [key: string]: Json | undefined },
  edit: { [key: string]: Json | undefined },
): void {
  const schema = approval.input_schema === null ? null : (JSON.parse(approval.input_schema) as Json)
  if (!isRecord(schema) || !isRecord(schema.properties)) return
  const { properties, additionalProperties = false } = schema
  const isOpen =
    additionalProperties !== false ||
    ['allOf', 'anyOf', 'oneOf', '$ref', 'patternProperties'].some((key) => key in schema)
  if (isOpen) return
  const unknown = Object.keys(edit).filter(
    (key) => !Object.hasOwn(properties, key) && !Object.hasOwn(base, key),
  )
  if (unknown.length === 0) return
  const known = Object.keys(properties).join(', ')
  throw invalidEdit(
    approval,
    `it names ${unknown.map((key) => `"${key}"`).join(', ')}, and the fields are ${known}`,
  )
}

/** Without a schema the workflow counts on what it showed. */
function refuseOtherKind(approval: Asked, field: string, from: Json | undefined, to: Json | undefined): void {
  if (from === undefined || from === null || to === undefined || to === null || kindOf(from) === kindOf(to))
    return
  throw invalidEdit(approval, `${field} is ${kindOf(to)}, and was ${kindOf(from)}`)
}

function invalidEdit({ id }: Pick<ApprovalRow, 'id'>, why: string, what = 'does not fit'): ReeveError {
  return new ReeveError(
    'invalid-edit',
    `The edit of approval ${id} ${what}: ${why.replace(/\.$/, '')}. Nothing was decided; the approval waits as before. Give an edit that ${what === 'does not fit' ? 'fits' : 'is allowed'}.`,
  )
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return { string: 'a text', number: 'a number', boolean: 'true or false', object: 'an object' }[
    typeof value as 'string' | 'number' | 'boolean' | 'object'
  ]
}

/** What was given, with what a person decided in its place; where the two are alike, its secrets are as they were. */
export function asGiven(given: Json, decided: Json, seen: Json): Json {
  if (canonical(decided) === canonical(seen)) return given
  if (!isRecord(given) || !isRecord(decided) || !isRecord(seen)) return decided
  const entries = Object.entries(decided).map(([key, value]) => [
    key,
    Object.hasOwn(seen, key) ? asGiven(given[key] ?? null, value ?? null, seen[key] ?? null) : value,
  ])
  return Object.fromEntries(entries) as Json
}
