import { firstCharacters } from '../base/text/shorten.ts'
import { isTableRow, listMark, readSections } from './markdown.ts'
import { maxTextLength } from './normalize.ts'

const rule = /^\s{0,3}(?:[-*_=]\s?){3,}$/
const continuation = /^\s{2}/
const marks = /[*_`[<\\~]/
const image = /!\[[^\]]{0,200}\]\([^)]{0,400}\)/g
const link = /\[([^[\]]{1,200})\]\([^()]{0,400}\)/g
const tag = /<\/?[a-zA-Z][^<>]{0,200}>/g
const code = /`([^`]{1,400})`/g
const stars = /(\*{1,3})(?=\S)([^*]{1,600})\1/g
const underscores = /(?<!\w)(_{1,3})(?=\S)([^_]{1,600})\1(?!\w)/g
const struck = /~~([^~]{1,400})~~/g
const escaped = /\\([\\`*_{}[\]()#+\-.!>~|])/g
const unevenSpace = /\s\s|[^\S ]/

/**
 * The paragraphs and list items of a Markdown text, in order, as plain text on one line each. Headings, tables,
 * rules and code blocks are no sentences to quote and are left out. Reads `maxTextLength` characters.
 */
export function blocksOf(markdown: string): string[] {
  const plain: string[] = []
  for (const { blocks } of readSections(firstCharacters(markdown, maxTextLength))) {
    for (const { kind, lead, items } of blocks) {
      if (kind !== 'code') addPlain(plain, [lead, ...items].join('\n').split('\n'))
    }
  }
  return plain
}

function addPlain(plain: string[], lines: string[]): void {
  let open = ''
  let inItem = false
  const close = (): void => {
    const text = withoutMarks(open)
    if (text !== '') plain.push(text)
    open = ''
    inItem = false
  }
  for (const line of lines) {
    const content = line.trim()
    if (content === '' || isTableRow(line) || rule.test(line)) {
      close()
      continue
    }
    const mark = listMark.exec(line)
    if (mark) {
      close()
      inItem = true
      open = line.slice(mark[0].length).trim()
    } else if (inItem && !continuation.test(line)) {
      close()
      open = withoutQuoteMark(content)
    } else {
      open += open === '' ? withoutQuoteMark(content) : ` ${withoutQuoteMark(content)}`
    }
  }
  close()
}

function withoutQuoteMark(line: string): string {
  return line.startsWith('>') ? line.slice(1).trimStart() : line
}

/** One line without Markdown's emphasis, code marks, links (their text stays), images and tags. */
export function withoutMarks(line: string): string {
  let plain = line
  if (marks.test(line)) {
    // What is bound to fail is not tried: most lines have one kind of mark.
    if (plain.includes('](')) plain = plain.replace(image, '').replace(link, '$1')
    if (plain.includes('<')) plain = plain.replace(tag, '')
    if (plain.includes('`')) plain = plain.replace(code, '$1')
    if (plain.includes('*')) plain = plain.replace(stars, '$2')
    if (plain.includes('_')) plain = plain.replace(underscores, '$2')
    if (plain.includes('~~')) plain = plain.replace(struck, '$1')
    if (plain.includes('\\')) plain = plain.replace(escaped, '$1')
  }
  return (unevenSpace.test(plain) ? plain.replace(/\s+/g, ' ') : plain).trim()
}

const abbreviations = new Set(
  'approx art ca cf co corp dr e.g eg etc fig i.e ie inc ltd max min mr mrs ms no nr p.m a.m prof sec st u.s vs z.b'.split(
    ' ',
  ),
)
const closers = `"'”’)]»`

/** A block's sentences, verbatim: joined by single spaces, they are the block again. */
export function sentencesOf(block: string): string[] {
  const sentences: string[] = []
  let start = 0
  for (let at = 0; at < block.length; at++) {
    const mark = block[at]!
    if (mark === '。' || mark === '！' || mark === '？') {
      sentences.push(block.slice(start, at + 1))
      start = at + 1
      continue
    }
    if (mark !== '.' && mark !== '!' && mark !== '?') continue
    let end = at + 1
    while (end < block.length && closers.includes(block[end]!)) end++
    if (block[end] !== ' ') continue
    const next = block[end + 1]
    if (
      next === undefined ||
      next !== next.toUpperCase() ||
      (mark === '.' && isAbbreviation(block, start, at))
    ) {
      continue
    }
    sentences.push(block.slice(start, end))
    start = end + 1
  }
  if (start < block.length) sentences.push(block.slice(start))
  return sentences.map((sentence) => sentence.trim()).filter((sentence) => sentence !== '')
}

/** Whether the full stop belongs to an abbreviation, an initial, or a number that opens the sentence. */
function isAbbreviation(block: string, start: number, stop: number): boolean {
  const from = Math.max(start, block.lastIndexOf(' ', stop - 1) + 1)
  if (stop - from > 8) return false
  const word = block.slice(from, stop).replace(/^[("'“[]/, '')
  if (word.length <= 1) return true
  return abbreviations.has(word.toLowerCase()) || (from === start && /^\d{1,3}$/.test(word))
}
