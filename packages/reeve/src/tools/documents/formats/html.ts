import * as htmlparser2 from 'htmlparser2'
import { decodeText } from '../../../memory/ingest/decode-text.ts'
import type { ReadDocument } from '../../../memory/ingest/document-reader.ts'
import { visibleHtml } from '../../html/visible-html.ts'
import { PlacedLines } from './placed-lines.ts'

type Page = ReturnType<typeof htmlparser2.parseDocument>
type Node = Page['children'][number]
type Element = Extract<Node, { children: Node[]; name: string }>

const { DomUtils } = htmlparser2
const headings = /^h([1-6])$/
const blocks = new Set(
  'address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form header hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
)
const invisible = /[\p{Cf}\p{Co}\p{Variation_Selector}]|\u034f|\u115f|\u1160|\u2800|\u3164|\uffa0/gu

/** A file of HTML: what a person who opens it sees, with the line of the source that each of its lines begins on. */
export function readHtmlFile(bytes: Uint8Array): ReadDocument {
  const decoded = decodeText(bytes)
  if ('problem' in decoded) throw new Error(`it ${decoded.problem}`)
  return readHtml(decoded.text)
}

/** Takes as long as the page wants it to: run it where it can be ended. */
export function readHtml(html: string): ReadDocument {
  let page: Page | undefined
  // It takes what is hidden out of the tree that it was given, so that the tree keeps its places.
  visibleHtml(html, {
    parseDocument: (text: string) => {
      page = parsed(text)
      return page
    },
    DomUtils: { ...DomUtils, getOuterHTML: () => '' },
  })
  return new HtmlLines(html, page!).read()
}

/** Each element costs its parser as much as it lies deep, so that a page of nothing but depth would take minutes. */
const deepest = 2_000

class ShallowHandler extends htmlparser2.DomHandler {
  override onopentag(name: string, attributes: { [key: string]: string }): void {
    super.onopentag(name, attributes)
    if (this.tagStack.length > deepest) throw new Error(`its elements are nested more than ${deepest} deep`)
  }
}

function parsed(html: string): Page {
  const handler = new ShallowHandler(undefined, { withStartIndices: true })
  new htmlparser2.Parser(handler).end(html)
  return handler.root
}

/** Walks what is seen of a page; the tree is no deeper than `visibleHtml` left it. */
class HtmlLines {
  readonly #page: Page
  readonly #lineAt: (index: number) => number
  readonly #lines = new PlacedLines('line')
  #open = ''
  #openAt = 0
  #prefix = ''
  #title: string | undefined

  constructor(html: string, page: Page) {
    this.#page = page
    this.#lineAt = lineCounter(html)
  }

  read(): ReadDocument {
    for (const node of this.#page.children) this.#walk(node)
    this.#close()
    const whole = this.#lines.whole()
    return this.#title === undefined ? whole : { ...whole, title: this.#title }
  }

  #walk(node: Node): void {
    if (DomUtils.isText(node)) {
      this.#say(node.data, node.startIndex ?? 0)
      return
    }
    if (!DomUtils.isTag(node)) return
    const { name } = node
    if (name === 'title') {
      this.#title ||= tidy(DomUtils.textContent(node)).slice(0, 300) || undefined
      return
    }
    if (name === 'head' || name === 'script' || name === 'style') {
      for (const child of node.children)
        if (DomUtils.isTag(child) && child.name === 'title') this.#walk(child)
      return
    }
    if (name === 'br') this.#close(false)
    else if (name === 'tr') this.#row(node)
    else if (blocks.has(name) || headings.test(name)) this.#block(node)
    else for (const child of node.children) this.#walk(child)
  }

  #block(node: Element): void {
    this.#close()
    const level = Number(headings.exec(node.name)?.[1] ?? 0)
    if (level > 0) this.#prefix = `${'#'.repeat(level)} `
    else if (node.name === 'li') this.#prefix = '- '
    for (const child of node.children) this.#walk(child)
    this.#close(node.name !== 'li')
    this.#prefix = ''
  }

  /** The cells of a row stand on one line. */
  #row(node: Element): void {
    this.#close(false)
    const cells = node.children.filter((child) => DomUtils.isTag(child) && /^t[dh]$/.test(child.name))
    const texts = cells.map((cell) => tidy(DomUtils.textContent(cell)).replaceAll('|', '\\|'))
    if (texts.every((text) => text === '')) return
    const place = this.#lineAt(node.startIndex ?? 0)
    this.#lines.add(`| ${texts.join(' | ')} |`, place)
    const isHead = cells.every((cell) => (cell as Element).name === 'th')
    if (isHead) this.#lines.add(`|${' --- |'.repeat(texts.length)}`, place)
  }

  #say(text: string, index: number): void {
    if (this.#open === '' && text.trim() === '') return
    if (this.#open === '') this.#openAt = index + (text.length - text.trimStart().length)
    this.#open += text
  }

  /** Ends the line that is open. */
  #close(isBlock = true): void {
    const text = tidy(this.#open)
    this.#open = ''
    if (text !== '') {
      this.#lines.add(`${this.#prefix}${text}`, this.#lineAt(this.#openAt))
      this.#prefix = ''
    }
    if (isBlock) this.#lines.gap()
  }
}

function tidy(text: string): string {
  return text.replace(invisible, '').replace(/\s+/g, ' ').trim()
}

/** The line of an index; asked in growing order it reads the text once. */
function lineCounter(html: string): (index: number) => number {
  let line = 1
  let next = html.indexOf('\n')
  let last = 0
  return (index) => {
    if (index < last) {
      line = 1
      next = html.indexOf('\n')
    }
    last = index
    while (next !== -1 && next < index) {
      line++
      next = html.indexOf('\n', next + 1)
    }
    return line
  }
}
