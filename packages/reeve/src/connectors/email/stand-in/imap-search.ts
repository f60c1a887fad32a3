import { ImapSyntaxError, type ImapToken, setReader, textOf } from './imap-syntax.ts'
import type { MailFolder, StoredLetter } from './mail-store.ts'
import { readHeaders } from './plain-headers.ts'

type Test = (letter: StoredLetter, sequence: number) => boolean

/** What a search asks for, as a test of one letter. @throws `ImapSyntaxError` */
export function searchTest(given: readonly ImapToken[], folder: MailFolder): Test {
  const rest = [...given]
  const tests: Test[] = []
  while (rest.length > 0) tests.push(nextTest(rest, folder))
  return (letter, sequence) => tests.every((test) => test(letter, sequence))
}

const dayMs = 86_400_000

function nextTest(rest: ImapToken[], folder: MailFolder): Test {
  const key = rest.shift()
  if (Array.isArray(key)) return searchTest(key, folder)
  const name = textOf(key).toUpperCase()
  const text = () => textOf(rest.shift()).toLowerCase()
  const flag =
    (wanted: string, isSet: boolean): Test =>
    (letter) =>
      letter.flags.has(wanted) === isSet
  const header = (field: string, part: string): Test => {
    return ({ raw }) => (readHeaders(raw).get(field)?.toLowerCase() ?? '\0').includes(part)
  }
  const day = (wanted: (letterDay: number, day: number) => boolean): Test => {
    const asked = Math.floor(Date.parse(`${textOf(rest.shift())} UTC`) / dayMs)
    if (Number.isNaN(asked)) throw new ImapSyntaxError('a date is missing')
    return ({ at }) => wanted(Math.floor(at / dayMs), asked)
  }
  if (name === 'ALL') return () => true
  if (name === 'UID') {
    const isIn = setReader(textOf(rest.shift()), folder.letters.at(-1)?.uid ?? 0)
    return ({ uid }) => isIn(uid)
  }
  if (name === 'SEEN' || name === 'UNSEEN') return flag('\\Seen', name === 'SEEN')
  if (name === 'DRAFT' || name === 'UNDRAFT') return flag('\\Draft', name === 'DRAFT')
  if (name === 'DELETED' || name === 'UNDELETED') return flag('\\Deleted', name === 'DELETED')
  if (name === 'SINCE') return day((letterDay, asked) => letterDay >= asked)
  if (name === 'BEFORE') return day((letterDay, asked) => letterDay < asked)
  if (name === 'HEADER') return header(text(), text())
  if (['FROM', 'TO', 'CC', 'SUBJECT'].includes(name)) return header(name.toLowerCase(), text())
  if (name === 'TEXT' || name === 'BODY') {
    const part = text()
    return ({ raw }) => raw.toString('utf8').toLowerCase().includes(part)
  }
  if (name === 'NOT') {
    const test = nextTest(rest, folder)
    return (letter, sequence) => !test(letter, sequence)
  }
  if (name === 'OR') {
    const [one, other] = [nextTest(rest, folder), nextTest(rest, folder)]
    return (letter, sequence) => one(letter, sequence) || other(letter, sequence)
  }
  if (/^[\d*]/.test(name)) {
    const isIn = setReader(name, folder.letters.length)
    return (_letter, sequence) => isIn(sequence)
  }
  throw new ImapSyntaxError(`no search by ${name}`)
}
