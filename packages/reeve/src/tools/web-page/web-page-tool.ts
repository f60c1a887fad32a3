import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { findPackages } from '../../base/optional-package.ts'
import { checkOptions } from '../../base/options.ts'
import { siblingScript } from '../../base/package-files.ts'
import { firstCharacters } from '../../base/shorten.ts'
import { type Duration, toMs } from '../../base/time.ts'
import { callHttp } from '../http.ts'
import { HttpClient, type HttpPolicy } from '../http-client.ts'
import { type Tool, tool } from '../tool.ts'
import { type Page, tidy } from './html-page.ts'
import type { PageRequest } from './html-worker.ts'

export interface WebPageOptions
  extends Pick<HttpPolicy, 'allow' | 'allowPrivate' | 'maxRedirects' | 'maxBytes' | 'timeout' | 'resolve'> {
  /** Default `web.read`. */
  name?: string
  /** Characters of the text. Default 50,000. */
  maxText?: number
  /** Default 200. */
  maxLinks?: number
  /** For the parser alone; some pages are written to keep it busy. Default `5s`. */
  readTime?: Duration
}

export interface WebPageOutput {
  /** After redirects. */
  url: string
  status: number
  title: string
  text: string
  links: { text: string; url: string }[]
  /** There was more text, or more links. */
  cut: boolean
  /** What nobody would see on the page, and so is not in `text`: how many characters, and how they were hidden. */
  hidden?: { characters: number; ways: string[] }
}

const output = z.object({
  url: z.string(),
  status: z.number().int(),
  title: z.string(),
  text: z.string(),
  links: z.array(z.object({ text: z.string(), url: z.string() })),
  cut: z.boolean(),
  hidden: z.object({ characters: z.number().int(), ways: z.array(z.string()) }).optional(),
})

const readerMegabytes = 256

/**
 * A tool that reads a web page as text, through the guarded client, without scripts, images or anything else that the
 * page would have loaded. What it gives is untrusted: a page may say anything. Needs `html-to-text`.
 * @throws `bad-host`
 */
export function webPageTool(options: WebPageOptions): Tool<{ url: string }, WebPageOutput> {
  checkOptions(
    options,
    'a web page tool',
    { name: 'text', maxText: 'number', maxLinks: 'number' },
    'bad-tool',
  )
  const { name = 'web.read', maxText = 50_000, maxLinks = 200, readTime = '5s', ...policy } = options
  const contentTypes = ['text/html', 'application/xhtml+xml', 'text/plain', 'text/markdown']
  const client = new HttpClient({ maxBytes: 2_097_152, ...policy, methods: ['GET'], contentTypes })
  return tool({
    name,
    description: 'Read a web page as text, with its title and links',
    input: z.object({ url: z.string().max(8192) }),
    output,
    effect: 'read',
    timeout:
      toMs(policy.timeout ?? '20s', '`timeout` of a web page tool') +
      toMs(readTime, '`readTime` of a web page tool') +
      5000,
    run: async ({ url }, attempt) => {
      const headers = { accept: 'text/html, text/plain;q=0.8' }
      const answer = await callHttp(client, { url, method: 'GET', headers }, attempt, false)
      const isHtml = answer.contentType.includes('html')
      const page = isHtml
        ? await readInThread(
            { html: answer.text, base: answer.url, maxLinks },
            toMs(readTime),
            attempt.signal,
          )
        : {
            title: '',
            text: tidy(answer.text.slice(0, 4 * maxText)),
            links: [],
            moreLinks: false,
            hidden: [],
          }
      const { text } = page
      const characters = page.hidden.reduce((sum, each) => sum + each.characters, 0)
      return {
        url: answer.url,
        status: answer.status,
        title: page.title,
        text: firstCharacters(text, maxText).toWellFormed(),
        links: page.links,
        cut: text.length > maxText || page.moreLinks || (!isHtml && answer.text.length > 4 * maxText),
        ...(characters > 0 && { hidden: { characters, ways: page.hidden.map(({ reason }) => reason) } }),
      }
    },
  })
}

/** @throws `missing-package` `page-not-read`; the signal's reason */
async function readInThread(request: PageRequest, readMs: number, signal: AbortSignal): Promise<Page> {
  findPackages(['html-to-text', 'htmlparser2'], 'Tools for web pages')
  const file = siblingScript(import.meta.url, 'html-worker')
  const worker = new Worker(file, {
    workerData: request,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: readerMegabytes },
  })
  const { promise, resolve, reject } = Promise.withResolvers<Page>()
  const notRead = (why: string) =>
    new ReeveError('page-not-read', `The page at ${new URL(request.base).origin} could not be read: ${why}.`)
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => reject(notRead(`its HTML takes longer than ${readMs} ms`)), readMs)
  worker.once('message', resolve)
  worker.once('error', (error) => reject(notRead(messageOf(error))))
  worker.once('exit', () => reject(notRead('its reader ended')))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    await worker.terminate()
  }
}
