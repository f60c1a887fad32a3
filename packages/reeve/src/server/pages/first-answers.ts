import { serverTimeHeader } from '../../base/time/server-time.ts'

/** What a page asks of the API first, as its build says (`asks.ts` of the dashboard). */
export interface FirstAsks {
  /** On every page. */
  always: readonly string[]
  /** Addresses; a `$name` of the page's path stands for what the address has there. */
  first?: readonly string[]
  /** What it asks depends on the search of its address: where there is one, the page asks itself. */
  isFiltered?: boolean
  /** What is open at first: `$ID` is what the address has as `chosen`, else what the first of `first` has in `field`. */
  open?: { ask: string; chosen: string; field: readonly (string | number)[] }
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

/**
 * The answers to what a page asks first, as data in its HTML: over a slow line a page that had to ask would wait for its scripts,
 * and then once more for each answer. Whoever gets the page gets what the API answers them, and nothing of what it refuses.
 */
export async function firstAnswers(
  { always, first = [], isFiltered = false, open }: FirstAsks,
  address: { pattern: string; url: URL },
  ask: AskApi,
): Promise<string> {
  const { search, searchParams } = address.url
  const own = isFiltered && search !== '' ? [] : first.map((url) => answerTo(filled(url, address), ask))
  const opened = async () => {
    const id = open && (searchParams.get(open.chosen) ?? fieldOf(await own[0], open.field))
    return typeof id === 'string'
      ? answerTo(open!.ask.replace('$ID', encodeURIComponent(id)), ask)
      : undefined
  }
  const all = [...always.map((url) => answerTo(url, ask)), ...own, opened()]
  const patience = AbortSignal.timeout(patienceMs)
  const late = new Promise<undefined>((resolve) => {
    patience.addEventListener('abort', () => resolve(undefined))
  })
  const answers = await Promise.all(all.map((answer) => Promise.race([answer, late])))
  return answers.map((answer) => (answer ? scriptOf(answer) : '')).join('')
}

async function answerTo(url: string, ask: AskApi): Promise<Answer | undefined> {
  try {
    const response = await ask(url)
    const text = await response.text()
    if (!response.ok || text.length > longestAnswer) return undefined
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

function fieldOf(answer: Answer | undefined, field: readonly (string | number)[]): unknown {
  if (!answer) return undefined
  let value: unknown = JSON.parse(answer.text)
  for (const part of field) value = (value as Record<string | number, unknown> | undefined | null)?.[part]
  return value
}

/** Data that no browser runs; nothing in it can end it. */
function scriptOf({ url, time, text }: Answer): string {
  const data = text.replaceAll('<', '\\u003c')
  const place = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  return `<script type="application/json" data-answers="${place}" data-time="${time}">${data}</script>\n`
}
