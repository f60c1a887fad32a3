import type { Language } from '../examine/shape.ts'

/** A fix with one thing of what it changed made otherwise. */
export interface Mutant {
  source: string
  /** What stands there, and what instead. */
  from: string
  to: string
  /** Something is left out: where nothing notices, nothing ever asked for it. */
  isOmission: boolean
}

const most = 16

/** Swaps of what is easily taken for the other; each is tried in both directions. */
const swaps: readonly (readonly [RegExp, readonly string[]])[] = [
  [/(?<= )<=(?= )/g, ['<']],
  [/(?<= )<(?= [\w$(-])/g, ['<=']],
  [/(?<= )>=(?= )/g, ['>']],
  [/(?<= )>(?= [\w$(-])/g, ['>=']],
  [/(?<= )===?(?= -?\d)/g, ['>=', '<=']],
  [/-lt\b/g, ['-le']],
  [/-le\b/g, ['-lt']],
  [/-gt\b/g, ['-ge']],
  [/-ge\b/g, ['-gt']],
  [/-eq\b/g, ['-ge', '-le']],
  [/\bMath\.floor\b/g, ['Math.round', 'Math.ceil']],
  [/\bMath\.ceil\b/g, ['Math.round', 'Math.floor']],
  [/\bMath\.round\b/g, ['Math.ceil', 'Math.floor']],
  [/\bMath\.trunc\b/g, ['Math.floor', 'Math.round']],
  [/\bMath\.min\b/g, ['Math.max']],
  [/\bMath\.max\b/g, ['Math.min']],
  [/\bmath\.floor\b/g, ['round', 'math.ceil']],
  [/\bmath\.ceil\b/g, ['round', 'math.floor']],
  [/(?<![.\w])round(?=\()/g, ['int']],
  [/(?<![.\w])min(?=\()/g, ['max']],
  [/(?<![.\w])max(?=\()/g, ['min']],
  [/\.replaceAll(?=\()/g, ['.replace']],
  [/\.replace(?=\(['"])/g, ['.replaceAll']],
  [/\?\?/g, ['||']],
  [/\bsort(?= -)/g, ['sort -s']],
]

/**
 * Variants of a fix, each with one thing otherwise in the lines that it changed: a comparison at its edge, a rounding, a number, an operand, a
 * line left out. Where its checks hold for one of them too, they do not say which of the two is right. Always the same for the same fix.
 */
export function mutantsOf(before: string, after: string, language: Language): Mutant[] {
  const lines = after.split('\n')
  const old = before.split('\n')
  const changed = changedLines(old, lines)
  const found = new Map<string, Mutant>()
  const put = (index: number, line: string | undefined, from: string, to: string, isOmission = false) => {
    const source = (line === undefined ? lines.toSpliced(index, 1) : lines.with(index, line)).join('\n')
    if (source !== after && source !== before && !found.has(source))
      found.set(source, { source, from: from.trim(), to: to.trim(), isOmission })
  }
  for (const index of changed) {
    const line = lines[index]!
    if (isRemark(line, language)) continue
    for (const [start, end] of operands(line, language)) {
      const operand = line.slice(start, end)
      // What asks for a value lets in or keeps out; what only guards may well be there twice.
      put(
        index,
        line.slice(0, start) + line.slice(end),
        operand,
        'nothing',
        /['"`]|[=!<>]=| [<>] /.test(operand),
      )
    }
    for (const [pattern, others] of swaps)
      for (const match of line.matchAll(pattern))
        for (const other of others)
          put(
            index,
            line.slice(0, match.index) + other + line.slice(match.index + match[0].length),
            match[0],
            other,
          )
    for (const match of line.matchAll(/(?<![\w.$#"'&{%-])\d{1,6}(?![\w.])/g)) {
      const number = Number(match[0])
      for (const other of number > 1 ? [number + 1, number - 1] : [number + 1])
        put(
          index,
          line.slice(0, match.index) + String(other) + line.slice(match.index + match[0].length),
          match[0],
          String(other),
        )
    }
    for (const match of line.matchAll(/\.\w+\(\)(?=[.)\],;\s]|$)/g))
      put(index, line.slice(0, match.index) + line.slice(match.index + match[0].length), match[0], 'nothing')
    if (
      !/[{([:]\s*$|^\s*[})\]]|^\s*(?:fi|done|esac|else|elif|then|do|return|import|from)\b/.test(line) &&
      line.trim() !== '' &&
      // A line that was the beginning of a longer one is nothing new.
      !old.some((each) => each.trim().startsWith(line.trim()))
    )
      put(index, undefined, line, 'nothing', true)
  }
  return spread([...found.values()])
}

/** Of each kind some, where there are too many. */
function spread(all: Mutant[]): Mutant[] {
  if (all.length <= most) return all
  const omissions = all.filter(({ isOmission }) => isOmission).slice(0, most / 2)
  return [...omissions, ...all.filter(({ isOmission }) => !isOmission).slice(0, most - omissions.length)]
}

/** The numbers of the lines of a text that another has not, in their order. */
export function changedLines(before: readonly string[], after: readonly string[]): number[] {
  // Longest common subsequence: scripts are short, and what is alike at both ends is left away.
  let start = 0
  while (start < after.length && start < before.length && before[start] === after[start]) start++
  let end = 0
  while (
    end < after.length - start &&
    end < before.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++
  const [old, now] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  const most = 2000
  if (old.length > most || now.length > most) return now.map((_, index) => start + index)
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let one = old.length - 1; one >= 0; one--)
    for (let other = now.length - 1; other >= 0; other--)
      table[one]![other] =
        old[one] === now[other]
          ? table[one + 1]![other + 1]! + 1
          : Math.max(table[one + 1]![other]!, table[one]![other + 1]!)
  const found: number[] = []
  for (let one = 0, other = 0; other < now.length; )
    if (one < old.length && old[one] === now[other]) [one, other] = [one + 1, other + 1]
    else if (one < old.length && table[one + 1]![other]! >= table[one]![other + 1]!) one++
    else found.push(start + other++)
  return found
}

/** Where operands of a logical operation stand, each with the operator before it. */
function operands(line: string, language: Language): [number, number][] {
  const pattern = language === 'python' ? /\s(?:or|and)\s/g : /\s(?:\|\||&&|\?\?|or|and|\/\/)\s/g
  return [...line.matchAll(pattern)].map(({ index, 0: operator }) => {
    let depth = 0
    let at = index + operator.length
    for (; at < line.length; at++) {
      const character = line[at]!
      if ('([{'.includes(character)) depth++
      else if (')]}'.includes(character) && --depth < 0) break
      else if (depth === 0 && /[:,;?|]/.test(character) && !(character === '?' && line[at + 1] === '.')) break
      else if (
        depth === 0 &&
        at > index + operator.length &&
        /^\s(?:or|and|if|else|&&|\{|then)\s/.test(line.slice(at))
      )
        break
      else if (depth === 0 && language === 'shell' && character === "'") break
    }
    return [index, at]
  })
}

function isRemark(line: string, language: Language): boolean {
  return (language === 'shell' || language === 'python' ? /^\s*#/ : /^\s*(?:\/\/|\*|\/\*)/).test(line)
}
