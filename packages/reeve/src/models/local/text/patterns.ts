import { firstCharacters } from '../../../base/text/shorten.ts'
import { boundedPattern } from '../../../text/bounded-pattern.ts'
import { maxTextLength } from '../../../text/normalize.ts'

/** Something found in a text: what it means, how it is written there, and where. */
export interface TextMatch<T> {
  value: T
  written: string
  index: number
}

export interface Amount {
  amount: number
  /** ISO 4217. */
  currency: string
}

// Every repetition below has a bound, and starts only where its run of characters starts.
const emailPattern =
  /(?<![\w.%+-])[A-Za-z0-9_%+-][\w.%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,24}(?![\w-])/g
const linkPattern = /(?:https?:\/\/|www\.)[^\s<>"'“”)\]]{1,400}/gi
const numberPattern =
  /(?<![\d.,])(?:\d{1,3}(?:[,.' ]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?)(?!\d)/g
const currencyBefore = /(?:^|[^A-Za-z])(US\$|[$€£¥₹]|[A-Z]{3})\s?$/
const currencyAfter = /^\s?([$€£¥₹]|[A-Z]{3}|euros?|dollars?|pounds?|yen|rupees?|francs?)(?![A-Za-z])/i
const currencyLength = 9

const currencies: Record<string, string> = {
  us$: 'USD',
  $: 'USD',
  '€': 'EUR',
  '£': 'GBP',
  '¥': 'JPY',
  '₹': 'INR',
  euro: 'EUR',
  euros: 'EUR',
  dollar: 'USD',
  dollars: 'USD',
  pound: 'GBP',
  pounds: 'GBP',
  yen: 'JPY',
  rupee: 'INR',
  rupees: 'INR',
  franc: 'CHF',
  francs: 'CHF',
}
const isoCurrencies = new Set(
  'AED AUD BGN BRL CAD CHF CLP CNY CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK NZD PHP PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR'.split(
    ' ',
  ),
)

/** E-mail addresses, as written. Like all finders here: in order, from the first `maxTextLength` characters. */
export function findEmails(text: string): TextMatch<string>[] {
  const found: TextMatch<string>[] = []
  if (!text.includes('@')) return found
  for (const match of bounded(text).matchAll(emailPattern)) {
    if (match[0].includes('..')) continue
    found.push({ value: match[0], written: match[0], index: match.index })
  }
  return found
}

/** Web addresses, without the punctuation that ends their sentence. */
export function findLinks(text: string): TextMatch<string>[] {
  const found: TextMatch<string>[] = []
  for (const match of bounded(text).matchAll(linkPattern)) {
    const written = match[0].replace(/[.,;:!?]{1,8}$/, '')
    found.push({ value: written, written, index: match.index })
  }
  return found
}

/** Amounts of money with their currency, which may stand before or after: `$1,234.50`, `12,50 €`, `USD 20`, `5 euros`. */
export function findAmounts(text: string): TextMatch<Amount>[] {
  const found: TextMatch<Amount>[] = []
  const read = bounded(text)
  for (const match of read.matchAll(numberPattern)) {
    const end = match.index + match[0].length
    const before = currencyBefore.exec(read.slice(Math.max(0, match.index - currencyLength), match.index))
    const after = currencyAfter.exec(read.slice(end, end + currencyLength))
    const prefix = currencyOf(before?.[1])
    const currency = prefix ?? currencyOf(after?.[1])
    if (!currency) continue
    const index = prefix ? match.index - before![0].length + before![0].indexOf(before![1]!) : match.index
    const written = prefix ? read.slice(index, end) : read.slice(index, end + after![0].length)
    found.push({ value: { amount: numberOf(match[0]), currency }, written, index })
  }
  return found
}

function currencyOf(written: string | undefined): string | undefined {
  if (!written) return
  return isoCurrencies.has(written) ? written : currencies[written.toLowerCase()]
}

/** The last separator is the decimal one unless three digits follow it: `1.234,5`, `1,234.5`, `1.234`. */
function numberOf(written: string): number {
  const decimal = /[.,](\d{1,2})$/.exec(written)
  const whole = (decimal ? written.slice(0, decimal.index) : written).replace(/\D/g, '')
  return Number(decimal ? `${whole}.${decimal[1]}` : whole)
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthName = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?'
const datePattern = new RegExp(
  [
    '(?<![\\w.-])(\\d{4})-(\\d{1,2})-(\\d{1,2})(?!\\d)',
    '(?<![\\w./])(\\d{1,2})([./-])(\\d{1,2})\\5(\\d{4})(?!\\d)',
    `(?<!\\w)(\\d{1,2})(?:st|nd|rd|th|\\.)?\\s?(?:of\\s)?${monthName},?\\s(\\d{4})(?!\\d)`,
    `(?<!\\w)${monthName}\\s(\\d{1,2})(?:st|nd|rd|th)?,?\\s(\\d{4})(?!\\d)`,
  ].join('|'),
  'gi',
)

/**
 * Calendar dates with a year, as `YYYY-MM-DD`: `2026-05-01`, `1 May 2026`, `May 1st, 2026`, `01.05.2026`, `05/13/2026`.
 * Dots mean day first. With `/` or `-`, a date that fits both orders is left out unless `order` says which one.
 */
export function findDates(
  text: string,
  options: { order?: 'day-first' | 'month-first' } = {},
): TextMatch<string>[] {
  const found: TextMatch<string>[] = []
  for (const match of bounded(text).matchAll(datePattern)) {
    const value = dateOf(match, options.order)
    if (value) found.push({ value, written: match[0], index: match.index })
  }
  return found
}

function dateOf(match: RegExpMatchArray, order?: 'day-first' | 'month-first'): string | undefined {
  const [
    ,
    isoYear,
    isoMonth,
    isoDay,
    first,
    separator,
    second,
    year,
    day,
    month,
    monthYear,
    month2,
    day2,
    year2,
  ] = match
  if (isoYear) return calendarDate(Number(isoYear), Number(isoMonth), Number(isoDay))
  if (day) return calendarDate(Number(monthYear), monthNumber(month!), Number(day))
  if (day2) return calendarDate(Number(year2), monthNumber(month2!), Number(day2))
  const dayFirst = calendarDate(Number(year), Number(second), Number(first))
  if (separator === '.') return dayFirst
  const monthFirst = calendarDate(Number(year), Number(first), Number(second))
  if (!dayFirst || !monthFirst || dayFirst === monthFirst) return dayFirst ?? monthFirst
  return order === undefined ? undefined : order === 'day-first' ? dayFirst : monthFirst
}

function monthNumber(name: string): number {
  return months.indexOf(name.toLowerCase()) + 1
}

function calendarDate(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return
  return firstCharacters(date.toISOString(), 10)
}

/**
 * Finds what a caller's pattern describes, such as order ids: its first group if it has one, else the whole match.
 * @throws `slow-pattern` at once, when the pattern cannot be bounded
 */
export function finderOf(pattern: RegExp): (text: string) => TextMatch<string>[] {
  const safe = boundedPattern(pattern)
  return (text) => {
    const found: TextMatch<string>[] = []
    for (const match of bounded(text).matchAll(safe)) {
      const value = match[1] ?? match[0]
      if (value !== '') found.push({ value, written: match[0], index: match.index })
    }
    return found
  }
}

function bounded(text: string): string {
  return text.length > maxTextLength ? firstCharacters(text, maxTextLength) : text
}
