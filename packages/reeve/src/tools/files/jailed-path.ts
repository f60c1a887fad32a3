import { firstCharacters } from '../../base/text/shorten.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'

const longestNameBytes = 255
const mostParts = 32

/**
 * The parts of a relative path that a model gave, checked one by one. Refused: absolute paths, `.` and `..`, NUL and
 * other control characters, backslashes, invisible characters, and letters that some file system or some later step
 * would turn into one of these.
 * @throws `not-applied`
 */
export function jailedParts(path: string): string[] {
  if (path === '' || path === '.') return []
  const parts = path.replace(/\/$/, '').split('/')
  if (parts.length > mostParts) throw refusedPath(path, `it has more than ${mostParts} parts`)
  for (const part of parts) {
    const why = faultOf(part)
    if (why) throw refusedPath(path, why)
  }
  return parts
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'it must be relative, without empty parts'
  if (name === '.' || name === '..') return 'it may not go up'
  if (Buffer.byteLength(name) > longestNameBytes) return `a part is longer than ${longestNameBytes} bytes`
  if (!name.isWellFormed()) return 'it is not well-formed Unicode'
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/u.test(name)) return 'it has a control, invisible or backslash character'
  if (name !== name.normalize('NFC')) return 'it is not in the normal form of Unicode (NFC)'
  const folded = name.normalize('NFKC')
  if (/[/\\]/.test(folded) || /^\.+$/.test(folded))
    return 'it has a character that looks like a slash or a dot'
  if (/[. ]$/.test(name)) return 'a part ends in a dot or a space'
  if (name.includes(':')) return 'it has a colon, which names a drive or a stream elsewhere'
  return undefined
}

export function refusedPath(path: string, why: string): NotApplied {
  return new NotApplied(`The path ${JSON.stringify(firstCharacters(path, 200))} was refused: ${why}.`)
}
