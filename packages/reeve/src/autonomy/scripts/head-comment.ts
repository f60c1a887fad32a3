/** A block of YAML in the first comment of a program, under the line `reeve:`. */
export interface HeadBlock {
  yaml: string
  /** The line of the file on which the YAML begins, from 1 on. */
  line: number
}

const mostLines = 400

/**
 * The manifest in a program's head comment: the lines that are further in than `reeve:`, without their comment marks.
 * `#`, `//` and block comments are known. Undefined: there is none.
 */
export function headBlockOf(source: string): HeadBlock | undefined {
  const lines = source.split(/\r?\n/, mostLines)
  let inBlock = false
  let start: { index: number; indent: number } | undefined
  const taken: string[] = []
  for (const [index, line] of lines.entries()) {
    if (index === 0 && line.startsWith('#!')) continue
    const content = commentOf(line, inBlock)
    if (content === undefined && line.trim() !== '') break
    inBlock = content?.inBlock ?? inBlock
    const text = content?.text ?? ''
    const indent = text.length - text.trimStart().length
    if (!start) {
      if (/^\s*reeve:\s*$/.test(text)) start = { index: index + 1, indent }
      continue
    }
    if (text.trim() !== '' && indent <= start.indent) break
    taken.push(text)
    if (content && !content.inBlock && content.endsBlock) break
  }
  return start && { yaml: taken.join('\n'), line: start.index + 1 }
}

/** What a comment says on this line; undefined: the line is none. */
function commentOf(
  line: string,
  inBlock: boolean,
): { text: string; inBlock: boolean; endsBlock: boolean } | undefined {
  if (inBlock) {
    const end = line.indexOf('*/')
    const text = (end < 0 ? line : line.slice(0, end)).replace(/^\s*\*(?= |$)/, '')
    return { text, inBlock: end < 0, endsBlock: end >= 0 }
  }
  const found = /^\s*(#|\/\/|\/\*+)(.*)$/.exec(line)
  if (!found) return undefined
  if (!found[1]!.startsWith('/*')) return { text: found[2]!, inBlock: false, endsBlock: false }
  const end = found[2]!.indexOf('*/')
  return { text: end < 0 ? found[2]! : found[2]!.slice(0, end), inBlock: end < 0, endsBlock: end >= 0 }
}
