import { messageOf } from '../../base/errors.ts'
import { isInnerPath } from '../../base/files/inner-path.ts'
import { isRecord } from '../../base/json/record.ts'
import { toMs } from '../../base/time/time.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import { placeholdersIn, readTemplate } from '../template.ts'
import { type Word, wordsOf } from '../words.ts'
import type { Comparison, Criterion, CriterionCheck } from './criterion.ts'

/** How each kind of criterion is written. */
export const criterionForms = [
  '- GET https://shop.example/blog/{slug} answers 200 and contains "{title}"',
  '- file out/{slug}.md exists and contains "{title}"',
  '- command ./check.sh {slug} exits 0',
  '- sql data/shop.db "select count(*) from posts where slug = {slug}" is 1',
  '- output has slug, url',
  '- output matches {"type": "object", "required": ["slug"]}',
  '- {count} is at least 3',
  '- judged by ROUTE: the text names a price',
] as const

/** One that is not understood is refused: it could not be checked. */
export function readCriterion(text: string, line: number): Criterion | string {
  const [, timed, within] = /^(.*)\s+within\s+(\d+\s*(?:ms|s|m|h|d))$/s.exec(text) ?? []
  const check = readCheck((timed ?? text).trim())
  if (typeof check === 'string') return check
  if (within === undefined) return { text, line, check }
  try {
    return { text, line, check, withinMs: toMs(within.replaceAll(' ', '') as `${number}s`) }
  } catch (error) {
    return messageOf(error)
  }
}

function readCheck(text: string): CriterionCheck | string {
  const judged = /^judged\s+by\s+`?([\w.-]+)`?\s*:\s*(.+)$/is.exec(text)
  if (judged) return { kind: 'judge', route: judged[1]!, rubric: readTemplate(judged[2]!.trim()) }
  const matches = /^(?:the\s+)?output\s+matches\s+(.+)$/is.exec(text)
  if (matches) return readOutputSchema(matches[1]!)
  const has = /^(?:the\s+)?output\s+has\s+([\w-]+(?:\s*(?:,|\band\b)\s*[\w-]+)*)$/is.exec(text)
  if (has) {
    const required = has[1]!.split(/\s*(?:,|\band\b)\s*/).filter((name) => name !== '')
    return { kind: 'output', schema: { type: 'object', required } }
  }
  const words = wordsOf(text)
  if (!words) return 'a quote is not closed'
  switch (words[0]?.text.toLowerCase()) {
    case 'get':
    case 'head':
      return readHttp(words)
    case 'file':
      return readFile(words)
    case 'command':
      return readCommand(words)
    case 'sql':
      return readSql(text)
  }
  return readComparison(text) ?? notCheckable(text)
}

function notCheckable(text: string): string {
  const url = /(?:https?:\/\/)?((?:[a-z\d-]+\.)+[a-z]{2,}\/[^\s,;]*)/i.exec(text)?.[1]?.replace(/[.,;:]$/, '')
  const example = url ? `- GET https://${url} answers 200` : undefined
  const advice = example
    ? `Write it as ${example}`
    : `Write how it is checked, in one of these ways:\n    ${criterionForms.join('\n    ')}`
  return `"${text}" cannot be checked by a program. ${advice}`
}

/** A host comes from the directive alone: a value must not say whom Reeve asks. */
const address = /^https?:\/\/[^/{}?#\s@]+(?:[/?#]|$)/i

function readHttp(words: Word[]): CriterionCheck | string {
  const form = `Write: ${criterionForms[0]}`
  const [method, url, verb, status, ...rest] = words
  if (!url || !address.test(url.text))
    return `"${url?.text ?? ''}" must be a whole http or https address whose host is written out. ${form}`
  if (!/^answers?$/i.test(verb?.text ?? '') || !/^[1-5]\d\d$/.test(status?.text ?? ''))
    return `it must say which status is right. ${form}`
  const texts = readTexts(rest)
  if (typeof texts === 'string') return `${texts}. ${form}`
  const isHead = method!.text.toUpperCase() === 'HEAD'
  if (isHead && texts.contains.length + texts.lacks.length > 0)
    return 'HEAD has no body to look into. Write GET'
  return {
    kind: 'http',
    method: isHead ? 'HEAD' : 'GET',
    url: readTemplate(url.text),
    status: Number(status!.text),
    ...texts,
  }
}

function readFile(words: Word[]): CriterionCheck | string {
  const form = `Write: ${criterionForms[1]}, or: - file out/{slug}.tmp is absent`
  const [, path, ...rest] = words
  if (!path || !isInnerPath(path.text))
    return `"${path?.text ?? ''}" must be a path inside the project. ${form}`
  const isAbsent = rest[0]?.text === 'is' && /^(absent|gone|missing)$/.test(rest[1]?.text ?? '')
  if (isAbsent && rest.length === 2)
    return { kind: 'file', path: readTemplate(path.text), exists: false, contains: [], lacks: [] }
  const saysExists = rest[0]?.text === 'exists'
  const texts = readTexts(saysExists ? rest.slice(1) : rest)
  if (typeof texts === 'string') return `${texts}. ${form}`
  if (!saysExists && texts.contains.length + texts.lacks.length === 0)
    return `it must say what is expected. ${form}`
  return { kind: 'file', path: readTemplate(path.text), exists: true, ...texts }
}

function readCommand(words: Word[]): CriterionCheck | string {
  const form = `Write: ${criterionForms[2]}`
  const at = words.findLastIndex(({ text, isQuoted }) => !isQuoted && /^exits?$/.test(text))
  const code = words[at + 1]?.text ?? ''
  if (at < 2 || !/^\d{1,3}$/.test(code)) return `it must say with which code the command exits. ${form}`
  const argv = words.slice(1, at).map(({ text }) => readTemplate(text))
  if (placeholdersIn(argv[0]!).length > 0) return `the program must be written out. ${form}`
  const texts = readTexts(words.slice(at + 2))
  if (typeof texts === 'string') return `${texts}. ${form}`
  return { kind: 'command', argv, exitCode: Number(code), ...texts }
}

/** `and contains "…"`, `and does not contain "…"`. */
function readTexts(words: Word[]): { contains: CriterionTexts; lacks: CriterionTexts } | string {
  const contains: CriterionTexts = []
  const lacks: CriterionTexts = []
  let left = words
  while (left.length > 0) {
    if (left[0]!.text === 'and' || left[0]!.text === ',') left = left.slice(1)
    const isNegative = left[0]?.text === 'does' && left[1]?.text === 'not' && left[2]?.text === 'contain'
    const rest = isNegative
      ? left.slice(3)
      : /^(contains|prints)$/.test(left[0]?.text ?? '')
        ? left.slice(1)
        : undefined
    if (!rest?.[0]?.isQuoted)
      return `"${left.map(({ text }) => text).join(' ')}" is not understood: after "contains" comes a text in double quotes`
    ;(isNegative ? lacks : contains).push(readTemplate(rest[0].text))
    left = rest.slice(1)
  }
  return { contains, lacks }
}

type CriterionTexts = ReturnType<typeof readTemplate>[]

const comparisons = /^(is at least|is at most|is not|is|contains)\s+(.+)$/s

function readSql(text: string): CriterionCheck | string {
  const form = `Write: ${criterionForms[3]}`
  const found = /^sql\s+(?:in\s+|by\s+)?([\w./-]+)\s+(["`])(.*?)\2\s+(.+)$/is.exec(text)
  const compared = comparisons.exec(found?.[4] ?? '')
  if (!found || !compared)
    return `it must name a database, a query in double quotes and what its first value is. ${form}`
  const { parts } = readTemplate(found[3]!)
  const parameters = parts.filter((part) => typeof part !== 'string')
  const sql = parts.map((part) => (typeof part === 'string' ? part : '?')).join('')
  // A bound value inside of quotes would be the text "?".
  if (/'[^']*\?[^']*'/.test(sql) && parameters.length > 0)
    return `a placeholder is inside quotes. Leave the quotes out: values are bound. ${form}`
  if (!isReading(sql))
    return `its query does more than read: a criterion looks with one statement, which begins with select. ${form}`
  return {
    kind: 'sql',
    source: found[1]!,
    sql,
    parameters: parameters.map((part) => ({ source: `{${part.path.join('.')}}`, parts: [part] })),
    comparison: comparisonOf(compared[1]!),
    value: readTemplate(unquoted(compared[2]!)),
  }
}

/** One statement that reads, by its words; what runs it opens the database for reading only, or is a tool that reads. */
function isReading(sql: string): boolean {
  const words = sql
    .replaceAll(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\[[^\]]*\]/g, "''")
    .replaceAll(/--.*$|\/\*[\s\S]*?\*\//gm, ' ')
    .trim()
    .toLowerCase()
  if (/;\s*\S/.test(words) || /\binto\b/.test(words)) return false
  if (/^(?:select|values)\b/.test(words)) return true
  return /^with\b/.test(words) && !/\b(?:insert|update|delete|merge|replace)\b(?!\s*\()/.test(words)
}

function readComparison(text: string): CriterionCheck | undefined {
  const found = /^(\{[\w.-]+\})\s+(.+)$/s.exec(text)
  const compared = comparisons.exec(found?.[2] ?? '')
  if (!found || !compared) return undefined
  const left = readTemplate(found[1]!)
  if (placeholdersIn(left).length !== 1) return undefined
  return {
    kind: 'value',
    left,
    comparison: comparisonOf(compared[1]!),
    right: readTemplate(unquoted(compared[2]!)),
  }
}

function comparisonOf(words: string): Comparison {
  return words.replace(/^is (at .*)$/, '$1') as Comparison
}

function readOutputSchema(text: string): CriterionCheck | string {
  const form = `Write: ${criterionForms[5]}`
  const json = text.replace(/^```\w*|```$/g, '').replace(/^`|`$/g, '')
  try {
    const schema = JSON.parse(json) as JsonSchemaObject
    if (!isRecord(schema)) return `a JSON Schema is an object. ${form}`
    fromJsonSchema(schema, 'The schema')
    return { kind: 'output', schema }
  } catch (error) {
    return `what follows "output matches" is not a JSON Schema: ${messageOf(error)}. ${form}`
  }
}

function unquoted(text: string): string {
  const trimmed = text.trim()
  return /^"[^"]*"$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed
}
