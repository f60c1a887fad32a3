import { ImapSyntaxError, type ImapToken, quoted, textOf } from './imap-syntax.ts'
import type { StoredLetter } from './mail-store.ts'
import { headerBytes } from './plain-headers.ts'

/** What one letter answers to `FETCH`, in the parts that go on the wire. @throws `ImapSyntaxError` */
export function fetchAnswer(
  letter: StoredLetter,
  sequence: number,
  given: ImapToken,
  isUid: boolean,
): (string | Buffer)[] {
  const items = (Array.isArray(given) ? given : [given]).map(textOf)
  if (isUid && !items.some((item) => item.toUpperCase() === 'UID')) items.unshift('UID')
  const parts: (string | Buffer)[] = [`* ${sequence} FETCH (`]
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(' ')
    parts.push(...itemAnswer(letter, item))
  }
  parts.push(')\r\n')
  return parts
}

function itemAnswer({ uid, flags, at, raw }: StoredLetter, item: string): (string | Buffer)[] {
  const name = item.toUpperCase()
  if (name === 'UID') return [`UID ${uid}`]
  if (name === 'FLAGS') return [`FLAGS (${[...flags].join(' ')})`]
  if (name === 'INTERNALDATE') return [`INTERNALDATE ${quoted(imapDate(at))}`]
  if (name === 'RFC822.SIZE') return [`RFC822.SIZE ${raw.length}`]
  const [, section, from, most] = /^BODY(?:\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?$/.exec(name) ?? []
  if (section === undefined || !['', 'HEADER'].includes(section)) throw new ImapSyntaxError(`no item ${item}`)
  const whole = section === 'HEADER' ? headerBytes(raw) : raw
  const asked = from === undefined ? whole : whole.subarray(Number(from), Number(from) + Number(most))
  const origin = from === undefined ? '' : `<${from}>`
  return [`BODY[${section}]${origin} {${asked.length}}\r\n`, asked]
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function imapDate(at: number): string {
  const date = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${two(date.getUTCDate())}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()}`
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
