/** An argument of an IMAP command: an atom or a quoted string, what came as a literal, or a list in parentheses. */
export type ImapToken = string | Buffer | ImapToken[]

/** A command as it came: its lines, each but the last followed by the literal that it announced. */
export interface ImapCommand {
  tag: string
  /** In capitals; of `UID FETCH` the second word, with `isUid`. */
  name: string
  isUid: boolean
  args: ImapToken[]
}

/** What cannot be read is answered with `BAD`. */
export class ImapSyntaxError extends Error {}

/** @throws `ImapSyntaxError` */
export function readCommand(lines: readonly string[], literals: readonly Buffer[]): ImapCommand {
  const tokens = readTokens(lines, literals)
  const [tag, first, ...rest] = tokens
  if (typeof tag !== 'string' || typeof first !== 'string') throw new ImapSyntaxError('no command')
  const isUid = first.toUpperCase() === 'UID'
  const [name, ...args] = isUid ? rest : [first, ...rest]
  if (typeof name !== 'string') throw new ImapSyntaxError('no command behind UID')
  return { tag, name: name.toUpperCase(), isUid, args }
}

function readTokens(lines: readonly string[], literals: readonly Buffer[]): ImapToken[] {
  const top: ImapToken[] = []
  const open: ImapToken[][] = [top]
  for (const [index, line] of lines.entries()) {
    const literal = literals[index]
    readLine(literal ? line.replace(/\{\d+\+?\}$/, '') : line, open)
    if (literal) open.at(-1)!.push(literal)
  }
  if (open.length !== 1) throw new ImapSyntaxError('a list is not closed')
  return top
}

const word = /"((?:[^"\\]|\\.)*)"|(\()|(\))|((?:[^\s()"[\]]|\[[^\]]*\])+)|(\S)/g

function readLine(line: string, open: ImapToken[][]): void {
  for (const [, quoted, opens, closes, atom] of line.matchAll(word)) {
    if (quoted !== undefined) open.at(-1)!.push(quoted.replaceAll(/\\(.)/g, '$1'))
    else if (opens) {
      const list: ImapToken[] = []
      open.at(-1)!.push(list)
      open.push(list)
    } else if (closes) {
      if (open.length === 1) throw new ImapSyntaxError('a list is closed that was not opened')
      open.pop()
    } else if (atom !== undefined) open.at(-1)!.push(atom)
    else throw new ImapSyntaxError('a character that stands nowhere')
  }
}

/** @throws `ImapSyntaxError` */
export function textOf(token: ImapToken | undefined): string {
  if (typeof token === 'string') return token
  if (Buffer.isBuffer(token)) return token.toString('utf8')
  throw new ImapSyntaxError('a text is missing')
}

export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\r\n]/g, ' ')}"`
}

/** Whether a number is in a set such as `1,5:9,20:*`; `last` is what `*` stands for. @throws `ImapSyntaxError` */
export function setReader(set: string, last: number): (number: number) => boolean {
  const ranges = set.split(',').map((range) => {
    const [, from, to = from] = /^(\d+|\*)(?::(\d+|\*))?$/.exec(range) ?? []
    if (from === undefined) throw new ImapSyntaxError(`"${set}" is not a set of numbers`)
    const ends = [from, to!].map((end) => (end === '*' ? last : Number(end)))
    return [Math.min(...ends), Math.max(...ends)] as const
  })
  return (number) => ranges.some(([from, to]) => number >= from && number <= to)
}
