import { serverTimeHeader } from '../../base/time/server-time.ts'
import { type OpenAtFirst, openOf } from './open-at-first.ts'

/** What a page asks of the API first, as its build says (`asks.ts` of the dashboard). */
export interface FirstAsks {
  /** On every page. */
  always: readonly string[]
  /** Addresses; a `$name` of the page's path stands for what the address has there. */
  first?: readonly string[]
  /** What it asks depends on the search of its address: where there is one, the page asks itself. */
  isFiltered?: boolean
  open?: OpenAtFirst
}

/** How the API answers an address, to whoever asked for the page. */
export type AskApi = (url: string) => Promise<Response>

/** So long a page waits for its answers (ms): what takes longer it asks for itself, and shows meanwhile that it does. */
const patienceMs = 300
/** A longer answer would hold up the scripts of the page: it comes after them. */
const longestAnswer = 64 * 1024

interface Answer {
  url: string
  /** The server's clock. */
  time: string
  /** JSON. */
  text: string
}

/** What comes along with a page. */
export interface Brought {
  /** The answers, as data in its HTML. */
  html: string
  /** Files that it needs beyond its own. */
  files: readonly string[]
}

/**
 * The answers to what a page asks first: over a slow line a page that had to ask would wait for its scripts, and then once more for
 * each answer. Whoever gets the page gets what the API answers them, and nothing of what it refuses.
 */
export async function firstAnswers(
  { always, first = [], isFiltered = false, open }: FirstAsks,
  address: { pattern: string; url: URL },
  ask: AskApi,
): Promise<Brought> {
  const { search, searchParams } = address.url
  const patience = AbortSignal.timeout(patienceMs)
  const late = new Promise<undefined>((resolve) => {
    patience.addEventListener('abort', () => resolve(undefined))
  })
  const inTime = (url: string) => Promise.race([answerTo(url, ask), late])
  const own = isFiltered && search !== '' ? [] : first.map((url) => inTime(filled(url, address)))
  const opened = async () => {
    if (!open) return undefined
    const lists = (await Promise.all(own)).map((answer) => answer && (JSON.parse(answer.text) as unknown))
    const its = openOf(open, lists, open.chosen === undefined ? null : searchParams.get(open.chosen))
    return { files: its.files, answers: await Promise.all(its.asks.map(inTime)) }
  }
  const [more, ...answers] = await Promise.all([opened(), ...always.map(inTime), ...own])
  const all = [...answers, ...(more?.answers ?? [])]
  return { html: all.map((answer) => (answer ? scriptOf(answer) : '')).join(''), files: more?.files ?? [] }
}

async function answerTo(url: string, ask: AskApi): Promise<Answer | undefined> {
  try {
    const response = await ask(url)
    const text = await response.text()
    if (!response.ok) return undefined
    return { url, time: response.headers.get(serverTimeHeader) ?? '', text }
  } catch {
    return undefined
  }
}

/** As the page writes the address of what it asks: the parts of its own path are written there as they stand in it. */
function filled(ask: string, { pattern, url }: { pattern: string; url: URL }): string {
  const parts = url.pathname.split('/')
  const names = pattern.split('/')
  return ask.replace(/\$\w+/g, (name) => parts[names.indexOf(`:${name.slice(1)}`)] ?? name)
}

/** Data that no browser runs; nothing in it can end it. */
function scriptOf({ url, time, text }: Answer): string {
  if (text.length > longestAnswer) return ''
  const data = text.replaceAll('<', '\\u003c')
  const place = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  return `<script type="application/json" data-answers="${place}" data-time="${time}">${data}</script>\n`
}
