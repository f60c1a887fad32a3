import { type Look, lookOf, neverShown, plainLook } from './hidden.ts'
import { type Styled, StyleSheet } from './style-sheet.ts'

/**
 * The parts of `htmlparser2` that are used. It is given, so that importing this loads nothing; without its types, so
 * that these declarations compile where the optional package is not installed.
 */
export interface HtmlParser {
  parseDocument(html: string): unknown
  DomUtils: unknown
}

type Parser = Pick<typeof import('htmlparser2'), 'parseDocument' | 'DomUtils'>
type HtmlNode = ReturnType<Parser['parseDocument']>['children'][number]
type HtmlParent = ReturnType<Parser['parseDocument']> | Extract<HtmlNode, { children: unknown[] }>

/** The part of a page that is seen. */
export interface VisibleHtml {
  html: string
  /** How many characters of text were left out, by the way in which they were hidden. */
  hidden: { reason: string; characters: number }[]
}

const linesOnLines = 'lines of no height'
/** In characters. */
const oneLine = 100

/** Deeper elements are not looked at, and left out. */
const deepest = 200

/**
 * HTML without what a person would not see: text that only a machine reads is how instructions are smuggled in. Style
 * sheets are followed as far as they apply on every screen. Takes as long as the page wants it to: run it where it can be ended.
 * @example
 * import { parseDocument, DomUtils } from 'htmlparser2'
 * import { visibleHtml } from 'reeve/tools'
 *
 * const { html } = visibleHtml('<p>Hello<p hidden>secret', { parseDocument, DomUtils })
 */
export function visibleHtml(html: string, parser: HtmlParser): VisibleHtml {
  const { parseDocument, DomUtils } = parser as Parser
  const page = parseDocument(html)
  const sheets = DomUtils.getElementsByTagName('style', page, true).map((style) =>
    DomUtils.textContent(style),
  )
  const rules = new StyleSheet(sheets)
  const hidden = new Map<string, number>()
  const count = (reason: string, text: string) => {
    const characters = text.trim().length
    if (characters > 0) hidden.set(reason, (hidden.get(reason) ?? 0) + characters)
  }
  prune(page, undefined, plainLook, 0)
  return {
    html: DomUtils.getOuterHTML(page),
    hidden: [...hidden].map(([reason, characters]) => ({ reason, characters })),
  }

  function prune(parent: HtmlParent, above: Styled | undefined, look: Look, depth: number): void {
    const kept = (parent.children as HtmlNode[]).filter((node) => keep(node, above, look, depth))
    parent.children = kept as typeof parent.children
    kept.forEach((node, index) => {
      node.prev = kept[index - 1] ?? null
      node.next = kept[index + 1] ?? null
    })
  }

  function keep(node: HtmlNode, above: Styled | undefined, look: Look, depth: number): boolean {
    if (DomUtils.isText(node)) {
      if (look.hidden !== undefined) count(look.hidden, node.data)
      return look.hidden === undefined
    }
    if (!DomUtils.isTag(node)) return node.type !== 'comment' && node.type !== 'directive'
    const { name, attribs } = node
    if (neverShown.has(name) && name !== 'head' && name !== 'title') return false
    if (depth >= deepest) {
      count('nested too deep', textBelow(node))
      return false
    }
    const element: Styled = { name, attribs, parent: above }
    const found = lookOf(name, attribs, rules.of(element), look)
    if ('gone' in found) {
      count(found.gone, textBelow(node))
      return false
    }
    prune(node, element, seenLook(node, found.look, look), depth + 1)
    return true
  }
}

/** A line of no height is seen by itself, as of a footnote's number; several stand upon one another. */
function seenLook(node: TextNode, look: Look, above: Look): Look {
  if (!look.isFlat || look.hidden !== undefined) return look
  if (above.isFlat && above.hidden === linesOnLines) return { ...look, hidden: linesOnLines }
  const isLong = !above.isFlat && textBelow(node).replace(/\s+/g, ' ').length > oneLine
  return isLong ? { ...look, hidden: linesOnLines } : look
}

interface TextNode {
  data?: string
  children?: TextNode[]
}

/** The text in an element, of so many parts at most. Without recursion: a page may be nested as deep as it likes. */
export function textBelow(element: TextNode, most = Number.POSITIVE_INFINITY): string {
  const parts: string[] = []
  const left: TextNode[] = [element]
  while (left.length > 0 && parts.length < most) {
    const node = left.pop()!
    if (node.data !== undefined) parts.push(node.data)
    for (let index = (node.children?.length ?? 0) - 1; index >= 0; index--) left.push(node.children![index]!)
  }
  return parts.join('')
}
