/** Amounts, times and counts as people read them. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** "41 ms", "3.2 s", "12 min", "2 h 14 min", "3 days". */
export function duration(ms: number): string {
  // Clocks of journals count milliseconds: what begins and ends in one took some part of it.
  if (ms < 1) return ms <= 0 ? '< 1 ms' : `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace('.0', '')} s`
  if (ms < minute) return `${Math.round(ms / 1000)} s`
  if (ms < hour) return `${Math.round(ms / minute)} min`
  if (ms < day) {
    const minutes = Math.floor((ms % hour) / minute)
    return `${Math.floor(ms / hour)} h${minutes > 0 ? ` ${String(minutes).padStart(2, '0')} min` : ''}`
  }
  const days = Math.round(ms / day)
  return `${days} ${days === 1 ? 'day' : 'days'}`
}

/** How long ago, or how long until: `now` is passed in so that a list speaks of one moment. */
export function since(iso: string, now: number): string {
  const ms = Math.abs(now - Date.parse(iso))
  // Nobody counts tenths of what is past.
  return ms < 5000 ? 'a moment' : duration(ms < minute ? Math.round(ms / 1000) * 1000 : ms)
}

/** "$0.09", "$3.12", below a cent with two digits that count: "$0.0043"; as the command line has it (`base/money.ts`). */
export function money(usd: number): string {
  if (usd === 0) return '$0'
  const amount = Math.abs(usd)
  const places = amount < 0.00995 ? Math.min(Math.ceil(-Math.log10(amount)) + 1, 9) : 2
  return `${usd < 0 ? '-' : ''}$${grouped(amount.toFixed(places))}`
}

export function count(value: number): string {
  return grouped(String(Math.round(value * 1000) / 1000))
}

/**
 * A comma before each three digits. By hand, as the days and months below: what the browser brings for it takes a telephone
 * longer to load than all else that a page begins with.
 */
function grouped(figure: string): string {
  const [whole = '', ...rest] = figure.split('.')
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...rest].join('.')
}

/** The sign never stands alone on a line. */
export function percent(share: number): string {
  if (share <= 0 || share >= 1) return `${Math.round(100 * share)}\u00a0%`
  if (share < 0.001) return 'under 0.1\u00a0%'
  // What is not all of it is never told as all of it.
  return `${(Math.floor(1000 * share) / 10).toFixed(1)}\u00a0%`
}

const small = [
  'No',
  'One',
  'Two',
  'Three',
  'Four',
  'Five',
  'Six',
  'Seven',
  'Eight',
  'Nine',
  'Ten',
  'Eleven',
  'Twelve',
]

/** "Seven things", "One thing", "No things", "312 things", as a sentence begins. */
export function many(value: number, one: string, several = `${one}s`): string {
  return `${small[value] ?? count(value)} ${value === 1 ? one : several}`
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function hoursOf(at: Date): string {
  return [at.getHours(), at.getMinutes()].map((each) => String(each).padStart(2, '0')).join(':')
}

/** "Thursday 12 November, 16:08". */
export function moment(ms: number): string {
  const at = new Date(ms)
  return `${weekdays[at.getDay()]} ${at.getDate()} ${months[at.getMonth()]}, ${hoursOf(at)}`
}

/** "16:08" today, "12 Nov, 16:08" on other days, "12 Nov 2027" in other years. */
export function clock(iso: string, now: number): string {
  const at = new Date(iso)
  const today = new Date(now)
  if (at.toDateString() === today.toDateString()) return hoursOf(at)
  const date = `${at.getDate()} ${months[at.getMonth()]!.slice(0, 3)}`
  return at.getFullYear() === today.getFullYear() ? `${date}, ${hoursOf(at)}` : `${date} ${at.getFullYear()}`
}

/** The first line of a longer text; of one that announces a list, with what stands first in it. */
export function firstLine(text: string, most = 160): string {
  const [line = '', next = ''] = text.split('\n', 2)
  const whole = line.endsWith(':') && next ? `${line} ${next.trim().replace(/^[-*] /, '')}` : line
  return whole.length > most ? `${whole.slice(0, most - 1)}…` : whole
}
