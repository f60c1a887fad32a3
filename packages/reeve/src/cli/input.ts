import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'

/**
 * Reads a value that a user gives as JSON, as a file that holds JSON, or as `-` for stdin.
 * @throws `no-such-file` `not-json`
 */
export async function readValue(given: string, what: string): Promise<Json> {
  if (given === '-') return parseJson(await text(process.stdin), `${what} from stdin`)
  try {
    return JSON.parse(given) as Json
  } catch {
    if (/^\s*[{["]/.test(given)) return parseJson(given, what)
  }
  let content: string
  try {
    content = readFileSync(given, 'utf8')
  } catch (cause) {
    const why = `${what} is neither JSON nor a file that can be read: ${messageOf(cause)}`
    throw new ReeveError('no-such-file', `${why}. Give JSON, the path of a JSON file, or - for stdin.`, {
      cause,
    })
  }
  return parseJson(content, `${what} in ${given}`)
}

function parseJson(content: string, what: string): Json {
  try {
    return JSON.parse(content.replace(/^\ufeff/, '')) as Json
  } catch (cause) {
    throw new ReeveError('not-json', `${what} is not JSON: ${messageOf(cause)}`, { cause })
  }
}
