import { convert } from 'html-to-text'
import * as htmlparser2 from 'htmlparser2'
import { visibleHtml } from 'reeve/tools'

/** Beyond these, HTML is a bomb: its parsing would take long, not its text. */
const most = { characters: 4 * 1024 * 1024, tags: 100_000, depth: 5000 }

/**
 * The text a person would see. Scripts and styles go; so does whatever is hidden from the eye, with a note, because
 * text that only a machine reads is how instructions are smuggled in. Quotations come out with `> ` before each line.
 * @throws when it is too large to be parsed
 */
export function htmlToVisibleText(html: string, notes: string[]): string {
  checkSize(html)
  const seen = visibleHtml(html, htmlparser2)
  for (const { reason, characters } of seen.hidden) {
    notes.push(`suspicious: ${characters} characters of hidden HTML text dropped (${reason})`)
  }
  return convert(seen.html, {
    wordwrap: false,
    // All of it: what stands beside `body` is seen as well.
    baseElements: { selectors: [], returnDomByDefault: true },
    limits: { maxInputLength: most.characters, maxDepth: 200 },
    selectors: [
      { selector: 'a', options: { ignoreHref: true } },
      { selector: 'img', format: 'skip' },
      { selector: 'head', format: 'skip' },
      { selector: 'title', format: 'skip' },
      { selector: 'h1', options: { uppercase: false } },
      { selector: 'h2', options: { uppercase: false } },
      { selector: 'h3', options: { uppercase: false } },
      { selector: 'table', format: 'block' },
      { selector: 'td', format: 'block' },
      { selector: 'th', format: 'block' },
    ],
  }).replaceAll('\u00a0', ' ')
}

const empty = new Set(['br', 'hr', 'img', 'input', 'meta', 'link', 'col', 'wbr', 'area', 'base', 'source'])

/** One look at the tags, without building anything of them. */
function checkSize(html: string): void {
  if (html.length > most.characters) throw new Error(`its HTML has ${html.length} characters`)
  let tags = 0
  let depth = 0
  for (const [, close, name] of html.matchAll(/<(\/?)([a-z!][a-z0-9]{0,20})?/gi)) {
    if (++tags > most.tags) throw new Error(`its HTML has more than ${most.tags} tags`)
    if (!name || name.startsWith('!') || empty.has(name.toLowerCase())) continue
    depth = Math.max(0, depth + (close ? -1 : 1))
    if (depth > most.depth) throw new Error(`its HTML is nested more than ${most.depth} deep`)
  }
}
