import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { isJson, parseExactJson } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import { describeValue } from '../../base/text/shorten.ts'

/**
 * Reads a value that a user gives as JSON, as a file that holds JSON, or as `-` for stdin.
 * @throws `no-such-file` `not-json` `inexact-json`
 */
export async function readValue(given: string, what: string): Promise<Json> {
  if (given === '-') return parseExactJson(withoutMark(await text(process.stdin)), `${what} from stdin`)
  if (isJson(given) || /^\s*[{["]/.test(given)) return parseExactJson(given, what)
  let content: string
  try {
    content = readFileSync(given, 'utf8')
  } catch (cause) {
    const why = `${what} is neither JSON nor a file that can be read: ${messageOf(cause)}`
    throw new ReeveError('no-such-file', `${why}. Give JSON, the path of a JSON file, or - for stdin.`, {
      cause,
    })
  }
  return parseExactJson(withoutMark(content), `${what} in ${given}`)
}

/** Writes a file that a user named. @throws `file-not-written` */
export async function writing<T>(file: string, write: () => T): Promise<Awaited<T>> {
  try {
    return await write()
  } catch (cause) {
    if (cause instanceof ReeveError) throw cause
    throw new ReeveError(
      'file-not-written',
      `The file ${describeValue(file)} cannot be written: ${messageOf(cause)}. Name a new file in a folder that is there.`,
      { cause },
    )
  }
}

/** Editors put a byte order mark before some files. */
function withoutMark(content: string): string {
  return content.replace(/^\ufeff/, '')
}
