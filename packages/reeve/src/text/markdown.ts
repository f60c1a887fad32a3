import { toEnd } from '../base/time/slices.ts'

/** A piece of Markdown that reads as one: a lead-in with what follows it, which may be cut between its items only. */
export interface Block {
  kind: 'text' | 'list' | 'table' | 'code'
  /** Repeated where the block is cut: the sentence before a list, the header rows of a table. May be empty. */
  lead: string
  items: string[]
  /** The line, from 1, on which the lead begins, or the first item where there is none. */
  line: number
  /** The line on which each item begins. */
  lines: number[]
}

/** What stands between one heading and the next. */
export interface Section {
  /** Its heading and those above it, outermost first; empty before the first heading. */
  heading: string[]
  /** The heading as it is written. */
  line: string
  /** The line, from 1, that it stands on; of what comes before the first one: 1. */
  number: number
  blocks: Block[]
}

type LineKind = 'blank' | 'item' | 'table' | 'text'

/** How an item of a list begins, up to its first word. */
export const listMark = /^\s{0,20}(?:[-*+•]|\d{1,9}[.)])[ \t]+(?=\S)/
const headingLine = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/
/** Further in than Markdown has it, so that code below the item of a list is code too. */
const fence = /^\s{0,20}(`{3,}|~{3,})/
const tableRule = /^\|[ \t]*:?-[-: \t|]*$/
const underline = /^ {0,3}(=+|-+)[ \t]*$/
const linesAtOnce = 2000
/** A longer line is text: headings are repeated in every passage below them. */
const maxHeading = 300

/**
 * The one reader of Markdown, line by line: headings, fenced code, lists, tables, paragraphs. Lenient as Markdown is: text that
 * is none of these is a paragraph, an unclosed fence ends with the text. Work is linear in the text.
 */
export function readSections(text: string): Section[] {
  return toEnd(readingSections(text))
}

/** The same in slices of 2,000 lines. */
export function* readingSections(text: string): Generator<void, Section[]> {
  const sections: Section[] = [{ heading: [], line: '', number: 1, blocks: [] }]
  const path: { level: number; title: string }[] = []
  let lines: string[] = []
  let openFence = ''
  let count = 0
  /** Lines that are repeated at the head of `lines`. */
  let repeated = 0

  /** `before`: how many lines were read after the last one of the block. */
  const endBlock = (before: number) => {
    if (lines.length > 0) addBlock(sections.at(-1)!, lines, count - before - (lines.length - 1), repeated)
    lines = []
    repeated = 0
  }
  const startSection = (level: number, title: string, line: string, number: number) => {
    while (path.length > 0 && path.at(-1)!.level >= level) path.pop()
    path.push({ level, title })
    sections.push({ heading: path.map((above) => above.title), line, number, blocks: [] })
  }

  for (const line of linesOf(text)) {
    if (++count % linesAtOnce === 0) yield
    // What goes on for longer is cut in any case; the head of a table goes on with it.
    if (lines.length >= linesAtOnce) {
      const head = openFence ? lines.slice(0, 1) : tableHead(lines)
      endBlock(1)
      lines = head
      repeated = head.length
    }
    const mark = fence.exec(line)?.[1]
    if (openFence) {
      lines.push(line)
      if (mark?.startsWith(openFence)) {
        openFence = ''
        endBlock(0)
      }
      continue
    }
    if (mark) {
      endBlock(1)
      openFence = mark
      lines.push(line)
      continue
    }
    const heading = line.length <= maxHeading ? headingLine.exec(line) : null
    if (heading) {
      endBlock(1)
      startSection(heading[1]!.length, headingTitle(heading[2]!), line.trim(), count)
      continue
    }
    const rule = underline.exec(line)
    if (rule && lines.length === 1 && lines[0]!.length <= maxHeading && kindOf(lines[0]!) === 'text') {
      const title = lines[0]!.trim()
      const level = rule[1]!.startsWith('=') ? 1 : 2
      lines = []
      startSection(level, title, `${'#'.repeat(level)} ${title}`, count - 1)
      continue
    }
    if (kindOf(line) === 'blank') endBlock(1)
    else lines.push(line.trimEnd())
  }
  endBlock(0)
  return sections
}

function* linesOf(text: string): Generator<string> {
  let start = 0
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) {
    yield text.slice(start, index)
    start = index + end.length
  }
  yield text.slice(start)
}

function headingTitle(text: string): string {
  const trimmed = text.trimEnd()
  let end = trimmed.length
  while (end > 0 && trimmed[end - 1] === '#') end--
  return end < trimmed.length && /[ \t]/.test(trimmed[end - 1] ?? '')
    ? trimmed.slice(0, end).trimEnd()
    : trimmed
}

function kindOf(line: string): LineKind {
  if (line.trim() === '') return 'blank'
  if (listMark.test(line)) return 'item'
  return isTableRow(line) ? 'table' : 'text'
}

export function isTableRow(line: string): boolean {
  return line.trimStart().startsWith('|')
}

/** The rows above a table's rule, and it. */
function tableHead(lines: string[]): string[] {
  return kindOf(lines[0]!) === 'table' && tableRule.test(lines[1]?.trim() ?? '') ? lines.slice(0, 2) : []
}

/**
 * Adds lines without a blank between them, and joins a list to the list or the lead-in before it.
 * @param first the line that the first of them stands on
 * @param repeated how many of them are repetitions, which stand elsewhere
 */
function addBlock({ blocks }: Section, lines: string[], first: number, repeated: number): void {
  const kinds = lines.map(kindOf)
  const firstItem = kinds.indexOf('item')
  if (fence.test(lines[0]!)) {
    const line = first + repeated
    blocks.push({ kind: 'code', lead: '', items: [lines.join('\n')], line, lines: [line] })
  } else if (kinds[0] === 'table') {
    const head = tableHead(lines)
    const items = lines.slice(head.length)
    if (items.length > 0) {
      const lines = items.map((_, index) => first + head.length + index)
      blocks.push({ kind: 'table', lead: head.join('\n'), items, line: first + repeated, lines })
    }
  } else if (firstItem === -1) {
    blocks.push({ kind: 'text', lead: '', items: [lines.join('\n')], line: first, lines: [first] })
  } else {
    const lead = lines.slice(0, firstItem).join('\n')
    const items = itemsOf(lines.slice(firstItem), kinds.slice(firstItem), first + firstItem)
    const before = lead === '' ? blocks.at(-1) : undefined
    if (before?.kind === 'list') {
      for (const [index, item] of items.texts.entries()) {
        before.items.push(item)
        before.lines.push(items.lines[index]!)
      }
    } else if (before?.kind === 'text' && before.items[0]!.endsWith(':')) {
      before.kind = 'list'
      before.lead = before.items[0]!
      before.items = items.texts
      before.lines = items.lines
    } else blocks.push({ kind: 'list', lead, items: items.texts, line: first, lines: items.lines })
  }
}

/** An item goes on over the lines that open no item of their own. */
function itemsOf(lines: string[], kinds: LineKind[], first: number): { texts: string[]; lines: number[] } {
  const starts = kinds.flatMap((kind, index) => (kind === 'item' ? [index] : []))
  return {
    texts: starts.map((start, index) => lines.slice(start, starts[index + 1]).join('\n')),
    lines: starts.map((start) => first + start),
  }
}
