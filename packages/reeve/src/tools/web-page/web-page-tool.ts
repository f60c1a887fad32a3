import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { findPackages } from '../../base/optional-package.ts'
import { checkOptions } from '../../base/options.ts'
import { moduleUrl } from '../../base/package-files.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { callHttp } from '../http/http.ts'
import { HttpClient, type HttpPolicy } from '../http/http-client.ts'
import { ReaderProcess } from '../process/reader-process.ts'
import { type Tool, tool } from '../tool.ts'
import { type Page, tidy } from './html-page.ts'
import type { PageRequest } from './html-reader.ts'

/** For `webPageTool`. */
export interface WebPageOptions
  extends Pick<HttpPolicy, 'allow' | 'allowPrivate' | 'maxRedirects' | 'maxBytes' | 'timeout' | 'resolve'> {
  /** Default `web.read`. */
  name?: string
  /** Characters of the text. Default 50,000. */
  maxText?: number
  /** Default 200. */
  maxLinks?: number
  /** For the parser alone; some pages are written to keep it busy. Its process starts in this time. Default `5s`. */
  readTime?: Duration
}

/** What `webPageTool` gives. */
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

const readerBytes = 268_435_456

/**
 * A tool that reads a web page as text, through the guarded client, without scripts, images or anything else that the
 * page would have loaded. What it gives is untrusted: a page may say anything. Needs `html-to-text`.
 * @throws `bad-host`
 * @example
 * import { webPageTool } from 'reeve/tools'
 *
 * export const readPage = webPageTool({ allow: ['docs.example'], maxText: 20_000 })
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
    reads: 'public',
    sends: 'outside',
    directs: ['url'],
    answers: 'untrusted',
    place: 'a web page',
    kinds: ['web'],
    timeout:
      toMs(policy.timeout ?? '20s', '`timeout` of a web page tool') +
      toMs(readTime, '`readTime` of a web page tool') +
      5000,
    run: async ({ url }, attempt) => {
      const headers = { accept: 'text/html, text/plain;q=0.8' }
      const answer = await callHttp(client, { url, method: 'GET', headers }, attempt, false)
      const isHtml = answer.contentType.includes('html')
      const page = isHtml
        ? await readElsewhere(
            { html: answer.text, base: answer.url, maxLinks, maxText },
            toMs(readTime),
            attempt.signal,
          )
        : plainPage(answer.text, maxText)
      const characters = page.hidden.reduce((sum, each) => sum + each.characters, 0)
      return {
        url: answer.url,
        status: answer.status,
        title: page.title,
        text: page.text,
        links: page.links,
        cut: page.cut,
        ...(characters > 0 && { hidden: { characters, ways: page.hidden.map(({ reason }) => reason) } }),
      }
    },
  })
}

function plainPage(text: string, maxText: number): Page {
  const tidied = tidy(text.slice(0, 4 * maxText))
  const cut = tidied.length > maxText || text.length > 4 * maxText
  return { title: '', text: firstCharacters(tidied, maxText).toWellFormed(), links: [], cut, hidden: [] }
}

/**
 * In a process that is ended with its page. A thread would not do: taking and giving back its memory makes all threads of
 * its process wait.
 * @throws `missing-package` `page-not-read`; the signal's reason
 */
async function readElsewhere(request: PageRequest, readMs: number, signal: AbortSignal): Promise<Page> {
  findPackages(['html-to-text', 'htmlparser2'], 'Tools for web pages')
  signal.throwIfAborted()
  const reader = new ReaderProcess<PageRequest, Page>({
    what: `page of ${new URL(request.base).origin}`,
    module: moduleUrl('tools/web-page/html-reader'),
    timeout: readMs,
    memoryBytes: readerBytes,
  })
  const close = () => reader.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    return await reader.read(request)
  } catch (cause) {
    signal.throwIfAborted()
    if (!(cause instanceof ReeveError)) throw cause
    throw new ReeveError('page-not-read', cause.message, { cause })
  } finally {
    signal.removeEventListener('abort', close)
    reader.close()
  }
}
