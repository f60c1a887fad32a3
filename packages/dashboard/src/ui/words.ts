/** Amounts, times and counts as people read them. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** "41 ms", "3.2 s", "12 min", "2 h 14 min", "3 days". */
export function duration(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : `${ms.toFixed(2)} ms`
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

/** "$0.09", "$3.12", "$0.0004", "$0". */
export function money(usd: number): string {
  if (usd === 0) return '$0'
  if (Math.abs(usd) < 0.01) return `$${usd.toPrecision(1)}`
  return usd.toLocaleString('en-US', { style: 'currency', currency: 'USD' })
}

export function count(value: number): string {
  return value.toLocaleString('en-US')
}

export function percent(share: number): string {
  if (share <= 0 || share >= 1) return `${Math.round(100 * share)} %`
  if (share < 0.001) return 'under 0.1 %'
  // What is not all of it is never told as all of it.
  return `${(Math.floor(1000 * share) / 10).toFixed(1)} %`
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

const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  hour: '2-digit',
  minute: '2-digit',
})

export function moment(at: number): string {
  return dayAndTime.format(at).replace(' at ', ', ')
}

const near = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const far = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const farthest = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** "16:08" today, "12 Nov, 16:08" on other days, "12 Nov 2027" in other years. */
export function clock(iso: string, now: number): string {
  const at = new Date(iso)
  const today = new Date(now)
  if (at.toDateString() === today.toDateString()) return near.format(at)
  return (at.getFullYear() === today.getFullYear() ? far : farthest).format(at)
}

/** The first line of a longer text; of one that announces a list, with what stands first in it. */
export function firstLine(text: string, most = 160): string {
  const [line = '', next = ''] = text.split('\n', 2)
  const whole = line.endsWith(':') && next ? `${line} ${next.trim().replace(/^[-*] /, '')}` : line
  return whole.length > most ? `${whole.slice(0, most - 1)}…` : whole
}
