// A process of its own: a page that keeps the parser busy keeps nobody else waiting, and is ended with its process.
import { convert } from 'html-to-text'
import * as htmlparser2 from 'htmlparser2'
import { visibleHtml } from '../html/visible-html.ts'
import { serveReader } from '../process/reader-process.ts'
import { type Page, readHtml } from './html-page.ts'

export interface PageRequest {
  html: string
  base: string
  maxLinks: number
  /** In characters. */
  maxText: number
}

serveReader(({ html, base, maxLinks, maxText }: PageRequest): Page => {
  const seen = visibleHtml(html, htmlparser2)
  const page = readHtml(convert, seen.html, base, { links: maxLinks, characters: maxText })
  return { ...page, hidden: seen.hidden }
})
