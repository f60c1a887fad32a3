import { convert } from 'html-to-text'
import { DomUtils, parseDocument } from 'htmlparser2'
import { hiddenReason, type Inherited, readStyleRules } from './hidden-html.ts'

type HtmlNode = ReturnType<typeof parseDocument>['children'][number]
type HtmlParent = ReturnType<typeof parseDocument> | Extract<HtmlNode, { children: unknown[] }>

const deepest = 200

/**
 * The text a person would see. Scripts and styles go; so does whatever is hidden from the eye, with a note, because
 * text that only a machine reads is how instructions are smuggled in. Quotations come out with `> ` before each line.
 */
export function htmlToVisibleText(html: string, notes: string[]): string {
  const page = parseDocument(html)
  const rules = readStyleRules(
    DomUtils.getElementsByTagName('style', page, true).map((style) => DomUtils.textContent(style)),
  )
  const dropped = new Map<string, number>()
  prune(page, { color: 'rgb(0,0,0)', background: 'rgb(255,255,255)' }, 0)
  for (const [reason, characters] of dropped) {
    notes.push(`suspicious: ${characters} characters of hidden HTML text dropped (${reason})`)
  }
  return convert(DomUtils.getOuterHTML(page), {
    wordwrap: false,
    limits: { maxInputLength: 8 * 1024 * 1024, maxDepth: deepest },
    selectors: [
      { selector: 'a', options: { ignoreHref: true } },
      { selector: 'img', format: 'skip' },
      { selector: 'h1', options: { uppercase: false } },
      { selector: 'h2', options: { uppercase: false } },
      { selector: 'h3', options: { uppercase: false } },
      { selector: 'table', format: 'block' },
      { selector: 'td', format: 'block' },
      { selector: 'th', format: 'block' },
    ],
  }).replaceAll('\u00a0', ' ')

  function prune(parent: HtmlParent, inherited: Inherited, depth: number): void {
    for (const node of [...parent.children]) {
      if (!DomUtils.isTag(node)) {
        if (DomUtils.isComment(node)) DomUtils.removeElement(node)
        continue
      }
      const seen = hiddenReason(node.name, node.attribs, rules, inherited)
      if (node.name === 'script' || node.name === 'style' || node.name === 'noscript' || depth >= deepest) {
        DomUtils.removeElement(node)
      } else if (seen.hidden === undefined) {
        prune(node, seen.inherited, depth + 1)
      } else {
        const characters = DomUtils.textContent(node).trim().length
        if (characters > 0) dropped.set(seen.hidden, (dropped.get(seen.hidden) ?? 0) + characters)
        DomUtils.removeElement(node)
      }
    }
  }
}
