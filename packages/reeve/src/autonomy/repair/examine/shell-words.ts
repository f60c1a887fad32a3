import {
  emptyProgram,
  type ShellCommand,
  type ShellProgram,
  ShellText,
  type ShellWord,
} from './shell-text.ts'

const keywords = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'while',
  'until',
  'do',
  'done',
  '{',
  '}',
  '!',
  'time',
  'esac',
])

/** @throws Error where it cannot be read for certain */
export function readShell(source: string): ShellProgram {
  const program = emptyProgram()
  new Reader(source, program).readAll()
  return program
}

class Reader extends ShellText {
  #heredocs: { end: string; isRaw: boolean; strips: boolean }[] = []

  protected nested(text: string, program = this.program): Reader {
    return new Reader(text, program, this.depth + 1)
  }

  override readAll(): void {
    let command = this.#newCommand(';', '')
    let before = ''
    let mode: 'command' | 'words' | 'case' | 'pattern' = 'command'
    const cases: number[] = []
    const finish = (operator: string) => {
      const first = command.words[0]?.text ?? ''
      if (command.words.length > 0 || command.assigns.length > 0 || command.redirects.length > 0) {
        command.isBackground = operator === '&'
        this.program.commands.push(command)
        if (
          first === 'read' ||
          first === 'local' ||
          first === 'export' ||
          first === 'readonly' ||
          first === 'declare' ||
          first === 'getopts'
        )
          for (const { text } of command.words.slice(1))
            if (/^[A-Za-z_]\w*/.test(text)) this.program.binds.push(/^\w+/.exec(text)![0])
        before = first
      }
      command = this.#newCommand(operator, before)
    }
    while (this.at < this.text.length) {
      const c = this.text[this.at]!
      if (c === ' ' || c === '\t') this.at++
      else if (c === '\\' && this.text[this.at + 1] === '\n') this.at += 2
      else if (c === '#') while (this.at < this.text.length && this.text[this.at] !== '\n') this.at++
      else if (c === '\n') {
        this.at++
        this.#readHeredocs()
        if (mode !== 'pattern') finish(command.words.length === 0 ? command.after : ';')
        if (mode === 'words') mode = 'command'
      } else if (mode === 'pattern') {
        if (this.text.startsWith('esac', this.at) && /^esac\b/.test(this.text.slice(this.at, this.at + 5))) {
          this.at += 4
          cases.pop()
          mode = 'command'
        } else if (c === '(' || c === '|') this.at++
        else if (c === ')') {
          this.at++
          mode = 'command'
        } else {
          const pattern = this.word()
          if (!pattern.isOpen && !/[*?[\]]/.test(pattern.source)) this.program.patterns.push(pattern.text)
        }
      } else {
        const operator = /^(?:;;&|;;|;&|&&|\|\||\|&|&>>|&>|<<<|<<-?|>>|<&|>&|<>|>\||[;&|()<>])/.exec(
          this.text.slice(this.at, this.at + 3),
        )?.[0]
        const fd = /^\d+(?=[<>])/.exec(this.text.slice(this.at, this.at + 4))?.[0]
        if (fd !== undefined) this.at += fd.length
        else if (operator === undefined) {
          const word = this.word()
          const isFirst = command.words.length === 0
          if (mode === 'command' && isFirst && word.source === word.text && keywords.has(word.text)) {
            if (word.text === 'esac') cases.pop()
            continue
          }
          if (mode === 'command' && isFirst && word.source === 'case') {
            cases.push(1)
            this.skipBlanks()
            this.word()
            this.skipBlanks()
            if (this.word().text !== 'in') throw new Error('a case without in')
            mode = 'pattern'
            continue
          }
          if (mode === 'command' && isFirst && (word.source === 'for' || word.source === 'select')) {
            this.skipBlanks()
            if (this.text.startsWith('((', this.at)) this.raw('))')
            else this.program.binds.push(this.word().text)
            mode = 'words'
            continue
          }
          if (mode === 'command' && isFirst && word.source === 'function') {
            this.skipBlanks()
            this.program.functions.push(this.word().text)
            continue
          }
          if (mode === 'command' && isFirst && word.text === '[[' && word.source === '[[') {
            command.words.push(word, ...this.#until(']]'))
            continue
          }
          const assigned = /^([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/.exec(word.source)?.[1]
          if (mode === 'command' && isFirst && assigned !== undefined) {
            command.assigns.push(assigned)
            if (!word.isOpen) command.values.push(word.text.slice(word.text.indexOf('=') + 1))
            if (word.source.endsWith('=') && this.text[this.at] === '(') {
              this.at++
              this.#until(')')
            }
            continue
          }
          if (mode !== 'words') command.words.push(word)
          else if (word.text !== 'in') continue
        } else if (operator === '(') {
          if (this.text.startsWith('((', this.at) && command.words.length === 0) this.raw('))')
          else if (command.words.length === 1 && /^\(\s*\)/.test(this.text.slice(this.at))) {
            this.program.functions.push(command.words.pop()!.text)
            this.at = this.text.indexOf(')', this.at) + 1
          } else {
            this.at++
            finish('(')
          }
        } else if (/^[;&|)]/.test(operator) && operator !== '&>' && operator !== '&>>') {
          this.at += operator.length
          finish(operator === ')' ? ';' : operator)
          if (operator.startsWith(';;') || operator === ';&') mode = cases.length > 0 ? 'pattern' : 'command'
          else if (mode === 'words') mode = 'command'
        } else {
          this.at += operator.length
          this.skipBlanks()
          const target = this.word()
          if (operator === '<<' || operator === '<<-')
            this.#heredocs.push({
              end: target.text,
              isRaw: target.source !== target.text,
              strips: operator === '<<-',
            })
          else command.redirects.push({ operator, target })
        }
      }
    }
    if (this.#heredocs.length > 0) throw new Error('a text that begins with << has no end')
    finish(';')
  }

  #newCommand(after: string, before: string): ShellCommand {
    return { assigns: [], values: [], words: [], redirects: [], after, before, isBackground: false }
  }

  #until(end: string): ShellWord[] {
    const words: ShellWord[] = []
    for (;;) {
      while (/\s/.test(this.text[this.at] ?? '')) this.at++
      if (this.at >= this.text.length) throw new Error(`${end} is missing`)
      if (end === ')' && this.text[this.at] === ')') {
        this.at++
        return words
      }
      if (/[&|<>();]/.test(this.text[this.at]!)) {
        this.at++
        continue
      }
      const word = this.word()
      if (word.source === end) return words
      words.push(word)
    }
  }

  #readHeredocs(): void {
    for (const { end, isRaw, strips } of this.#heredocs.splice(0)) {
      let body = ''
      for (;;) {
        if (this.at >= this.text.length) throw new Error(`the text up to ${end} has no end`)
        const stop = this.text.indexOf('\n', this.at)
        const line = this.text.slice(this.at, stop < 0 ? undefined : stop)
        this.at = stop < 0 ? this.text.length : stop + 1
        if ((strips ? line.replace(/^\t+/, '') : line) === end) break
        body += `${line}\n`
      }
      if (!isRaw) this.nested(body).quoted(undefined)
    }
  }
}
