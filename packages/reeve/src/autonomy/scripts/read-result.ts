import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { ChildEnd } from '../../base/process/bounded-child.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { firstCharacters, lastCharacters } from '../../base/text/shorten.ts'
import { parseForeignJson } from '../../tools/bounded-json.ts'
import { fromJsonSchema } from '../../tools/json-schema/json-schema.ts'
import type { Script } from './script.ts'

/** As in `sysexits.h`: it may work later. */
const temporaryFailure = 75

/** The one JSON value that a script printed. @throws what went wrong, each with a code of its own */
export function scriptResult({ name, manifest }: Pick<Script, 'name' | 'manifest'>, end: ChildEnd): Json {
  const what = `Script "${name}"`
  const said = lastCharacters(end.stderr.toString('utf8').trim(), 2000)
  const details = { stderr: said, exitCode: end.exitCode, signal: end.signal }
  if (end.cause === 'timeout')
    throw new ReeveError(
      'script-timeout',
      `${what} ran longer than ${manifest.timeoutMs} ms; it was ended with all that it had started. Make it faster, or raise \`timeout\` in its manifest.`,
      { details },
    )
  if (end.cause === 'output')
    throw new ReeveError(
      'script-output',
      `${what} printed more than ${manifest.maxOutputBytes} bytes and was ended. Let it print its result alone, or raise \`maxOutput\` in its manifest.`,
      { details: { ...details, stderr: firstCharacters(said, 200) } },
    )
  if (end.exitCode !== 0) {
    const how = end.exitCode === null ? `was ended by ${end.signal}` : `ended with exit code ${end.exitCode}`
    throw new ReeveError('script-failed', `${what} ${how}: ${said || 'it said nothing on standard error'}`, {
      details,
      retryable: end.exitCode === temporaryFailure,
    })
  }
  const text = end.stdout.toString('utf8')
  if (!Buffer.from(text).equals(end.stdout))
    throw new ReeveError(
      'script-not-utf8',
      `${what} printed bytes that are not UTF-8. Let it print its result as JSON in UTF-8.`,
      { details },
    )
  if (text.trim() === '')
    throw new ReeveError(
      'script-no-result',
      `${what} printed no result. Let it print one JSON value on standard output at its end; null is one.`,
      { details },
    )
  return checkedResult(name, manifest, jsonOf(what, text, details))
}

function jsonOf(what: string, text: string, details: object): Json {
  try {
    return parseForeignJson(text, `What ${what.replace('Script', 'script')} printed`)
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'not-json') throw error
    const shown = { details: { ...details, stdout: firstCharacters(text, 500) } }
    if (beginsWithValue(text))
      throw new ReeveError(
        'script-two-results',
        `${what} printed more than one result: ${firstCharacters(text.trim(), 200)}. Let it print one JSON value; everything else belongs on standard error.`,
        shown,
      )
    throw new ReeveError(
      'script-not-json',
      `${what} printed what is not JSON: ${firstCharacters(text.trim(), 200)}. Let it print one JSON value; everything else belongs on standard error.`,
      shown,
    )
  }
}

/** Whether a whole JSON value stands before something else: at the end of a line, or right before another value. */
function beginsWithValue(text: string): boolean {
  const lines = text.trim().split('\n')
  const ends = lines.length > 1000 ? [1] : lines.map((_, index) => index + 1)
  if (ends.slice(0, -1).some((end) => isJson(lines.slice(0, end).join('\n')))) return true
  const [, first] =
    /^(\{[^{}]*\}|\[[^[\]]*\]|"[^"\\]*"|[\d.eE+-]+|true|false|null)\s*\S/s.exec(text.trim()) ?? []
  return first !== undefined && isJson(first)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function checkedResult(name: string, { output }: Script['manifest'], value: Json): Json {
  if (output === null) return value
  const checked = validate(fromJsonSchema(output, `The output of script "${name}"`), value)
  if (checked.ok) return value
  throw new ReeveError(
    'script-bad-result',
    `The result of script "${name}" is not what its manifest promises: ${describeIssues(checked.issues)}`,
    {
      details: { result: value },
    },
  )
}
