/** A word of a shell program: what stands there, without its quotes, and what it expands. */
export interface ShellWord {
  text: string
  /** Something is put in when it runs. */
  isOpen: boolean
  source: string
}

/** One command with its words and redirections. */
export interface ShellCommand {
  assigns: string[]
  /** Values that are assigned and nothing is put into. */
  values: string[]
  words: ShellWord[]
  redirects: { operator: string; target: ShellWord }[]
  /** What stands before it: `||`, `&&`, `|`, `;`. */
  after: string
  /** The first word of the command that stands before that. */
  before: string
  isBackground: boolean
}

/** A shell program as it was read: nothing of it was run. */
export interface ShellProgram {
  commands: ShellCommand[]
  /** Names of variables that are read. */
  reads: string[]
  /** Names that `for`, `read` and functions bind. */
  binds: string[]
  /** What a `case` asks for by its whole value. */
  patterns: string[]
  functions: string[]
  /** `${NAME:?…}`. */
  requires: number
}

export const emptyProgram = (): ShellProgram => ({
  commands: [],
  reads: [],
  binds: [],
  patterns: [],
  functions: [],
  requires: 0,
})

/** The words of a shell program, with what is put into them. */
export abstract class ShellText {
  protected readonly text: string
  protected readonly program: ShellProgram
  protected readonly depth: number
  protected at = 0

  constructor(text: string, program: ShellProgram, depth = 0) {
    this.text = text
    this.program = program
    this.depth = depth
    if (depth > 30) throw new Error('it is nested too deeply')
  }

  abstract readAll(): void

  /** A reader of a part of it. */
  protected abstract nested(text: string, program?: ShellProgram): ShellText

  protected skipBlanks(): void {
    while (/[ \t]/.test(this.text[this.at] ?? '')) this.at++
  }

  protected word(): ShellWord {
    const start = this.at
    let text = ''
    let isOpen = false
    for (;;) {
      const c = this.text[this.at]
      if (c === undefined || /[\s;&|<>()]/.test(c)) break
      if (c === "'") {
        const end = this.text.indexOf("'", this.at + 1)
        if (end < 0) throw new Error("a ' has no end")
        text += this.text.slice(this.at + 1, end)
        this.at = end + 1
      } else if (c === '"') {
        this.at++
        const inner = this.quoted('"')
        text += inner.text
        isOpen ||= inner.isOpen
      } else if (c === '\\') {
        text += this.text[this.at + 1] ?? ''
        this.at += 2
      } else if (c === '$' || c === '`') {
        const inner = this.expansion()
        text += inner
        isOpen ||= inner === ''
      } else {
        text += c
        this.at++
      }
    }
    if (this.at === start)
      throw new Error(`the text at ${JSON.stringify(this.text.slice(start, start + 20))} is not understood`)
    return { text, isOpen, source: this.text.slice(start, this.at) }
  }

  protected quoted(end: '"' | undefined): { text: string; isOpen: boolean } {
    let text = ''
    let isOpen = false
    for (;;) {
      const c = this.text[this.at]
      if (c === undefined) {
        if (end === undefined) return { text, isOpen }
        throw new Error('a " has no end')
      }
      if (c === end) {
        this.at++
        return { text, isOpen }
      }
      if (c === '\\') {
        text += this.text[this.at + 1] ?? ''
        this.at += 2
      } else if (c === '$' || c === '`') {
        const inner = this.expansion()
        text += inner
        isOpen ||= inner === ''
      } else {
        text += c
        this.at++
      }
    }
  }

  /** What stands there for a value; the text of it where it is none. */
  protected expansion(): string {
    const { reads } = this.program
    if (this.text[this.at] === '`') {
      const end = /^`((?:\\.|[^`\\])*)`/s.exec(this.text.slice(this.at))
      if (!end) throw new Error('a ` has no end')
      this.at += end[0].length
      this.nested(end[1]!.replaceAll(/\\([`\\$])/g, '$1')).readAll()
      return ''
    }
    const next = this.text[this.at + 1] ?? ''
    if (this.text.startsWith('$((', this.at)) {
      const body = this.raw('))')
      for (const [name] of body.matchAll(/[A-Za-z_]\w*/g)) reads.push(name)
      return ''
    }
    if (next === '(') {
      this.at += 2
      const start = this.at
      this.skipNested()
      this.nested(this.text.slice(start, this.at - 1)).readAll()
      return ''
    }
    if (next === '{') {
      this.at += 2
      const start = this.at
      for (let depth = 1; depth > 0; ) {
        const c = this.text[this.at]
        if (c === undefined) throw new Error('a ${ has no end')
        if (c === '}') depth--
        if (c === '\\') this.at++
        if (c === "'" || c === '"') {
          const close = this.text.indexOf(c, this.at + 1)
          if (close > 0) this.at = close
        } else if (c === '$' || c === '`') {
          this.expansion()
          continue
        }
        this.at++
      }
      const body = this.text.slice(start, this.at - 1)
      const name = /^[#!]?([A-Za-z_]\w*)/.exec(body)?.[1]
      if (name !== undefined) reads.push(name)
      if (body.startsWith('!')) reads.push('!')
      if (/^[#!]?\w+(?:\[[^\]]*\])?:?\?/.test(body)) this.program.requires++
      return ''
    }
    if (next === "'") {
      const end = /^\$'((?:\\.|[^'\\])*)'/s.exec(this.text.slice(this.at))
      if (!end) throw new Error("a $' has no end")
      this.at += end[0].length
      return end[1]!
    }
    const name = /^\$([A-Za-z_]\w*|[0-9*@#?$!-])/.exec(this.text.slice(this.at))
    if (!name) {
      this.at++
      return '$'
    }
    this.at += name[0].length
    if (/^[A-Za-z_]/.test(name[1]!)) reads.push(name[1]!)
    return ''
  }

  /** Up to the bracket that closes what was opened, quotes and all. */
  protected skipNested(): void {
    const inner = this.nested(this.text, emptyProgram())
    inner.at = this.at
    for (let depth = 1; depth > 0; ) {
      const c = inner.text[inner.at]
      if (c === undefined) throw new Error('a $( has no end')
      if (c === ')') {
        // Of a pattern of `case`, whose bracket was never opened.
        const head = inner.text.slice(this.at, inner.at)
        const isPattern = /(?:\bin|;;)\s*[^\s();]*$/.test(head) && /\bcase\b/.test(head)
        if (!isPattern) depth--
        inner.at++
      } else if (c === '(') {
        depth++
        inner.at++
      } else if (c === '#' && /\s/.test(inner.text[inner.at - 1] ?? ' '))
        while (inner.at < inner.text.length && inner.text[inner.at] !== '\n') inner.at++
      else if (/[\s;&|<>]/.test(c)) inner.at++
      else inner.word()
    }
    this.at = inner.at
  }

  protected raw(end: string): string {
    const stop = this.text.indexOf(end, this.at)
    if (stop < 0) throw new Error(`${end} is missing`)
    const body = this.text.slice(this.at, stop)
    if (/[`$]\(/.test(body.slice(3)) || body.includes('`'))
      this.nested(body.replace(/^\$?\(\(/, '')).quoted(undefined)
    this.at = stop + end.length
    return body
  }
}
