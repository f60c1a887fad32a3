import type { convert, HtmlToTextOptions } from 'html-to-text'
import { firstCharacters } from '../../base/text/shorten.ts'
import { textBelow } from '../html/visible-html.ts'

export type Convert = typeof convert

/** Beyond these, a page is a bomb: its walk would take long, not its text. */
const walkLimits = { maxDepth: 200, maxChildNodes: 10_000 }
const longestTitle = 500
const longestLink = 2000

/** What a page says, without what it would load. */
export interface Page {
  title: string
  text: string
  links: { text: string; url: string }[]
  /** There was more text, or more links. */
  cut: boolean
  hidden: { reason: string; characters: number }[]
}

/** Takes as long as the page wants it to: run it where it can be ended. */
export function readHtml(
  convert: Convert,
  html: string,
  base: string,
  most: { links: number; characters: number },
): Page {
  const page: Page = { title: '', text: '', links: [], cut: false, hidden: [] }
  const known = new Set<string>()
  const formatters: HtmlToTextOptions['formatters'] = {
    pageTitle: (element) => {
      page.title ||= firstCharacters(tidy(textBelow(element, 200)), longestTitle)
    },
    pageLink: (element, walk, builder) => {
      walk(element.children, builder)
      const target = URL.parse(String(element.attribs?.href ?? ''), base)
      if (!target || !/^https?:$/.test(target.protocol) || target.href.length > longestLink) return
      target.hash = ''
      if (known.has(target.href)) return
      if (known.size >= most.links) {
        page.cut = true
        return
      }
      known.add(target.href)
      page.links.push({
        text: firstCharacters(tidy(textBelow(element, 200)), longestTitle),
        url: target.href,
      })
    },
  }
  const skipped = [
    'script',
    'style',
    'noscript',
    'template',
    'img',
    'svg',
    'iframe',
    'object',
    'head > style',
  ]
  const whole = convert(html, {
    wordwrap: false,
    baseElements: { selectors: ['title', 'body'], orderBy: 'occurrence', returnDomByDefault: true },
    formatters,
    limits: { ...walkLimits, maxInputLength: html.length + 1, ellipsis: ' …' },
    selectors: [
      { selector: 'title', format: 'pageTitle' },
      { selector: 'a', format: 'pageLink' },
      ...skipped.map((selector) => ({ selector, format: 'skip' })),
    ],
  })
  const text = tidy(whole)
  page.text = firstCharacters(text, most.characters).toWellFormed()
  page.cut ||= text.length > most.characters
  return page
}

/** Invisible characters hide text from the person who checks, not from the model that reads. */
export function tidy(text: string): string {
  return text
    .replace(/[\p{Cf}\p{Co}\p{Variation_Selector}]|\u034f|\u115f|\u1160|\u2800|\u3164|\uffa0/gu, '')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
