// A thread of its own: a page that keeps the parser busy keeps nobody else waiting, and is ended with its thread.
import { parentPort, workerData } from 'node:worker_threads'
import { convert } from 'html-to-text'
import * as htmlparser2 from 'htmlparser2'
import { visibleHtml } from '../html/visible-html.ts'
import { type Page, readHtml, tidy } from './html-page.ts'

export interface PageRequest {
  html: string
  base: string
  maxLinks: number
}

const { html, base, maxLinks } = workerData as PageRequest
const seen = visibleHtml(html, htmlparser2)
const page: Page = readHtml(convert, seen.html, base, maxLinks)
parentPort!.postMessage({ ...page, text: tidy(page.text), hidden: seen.hidden } satisfies Page)
