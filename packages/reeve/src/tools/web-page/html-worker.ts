// A thread of its own: a page that keeps the parser busy keeps nobody else waiting, and is ended with its thread.
import { parentPort, workerData } from 'node:worker_threads'
import { convert } from 'html-to-text'
import { type Page, readHtml } from './html-page.ts'

export interface PageRequest {
  html: string
  base: string
  maxLinks: number
}

const { html, base, maxLinks } = workerData as PageRequest
const page: Page = readHtml(convert, html, base, maxLinks)
parentPort!.postMessage(page)
