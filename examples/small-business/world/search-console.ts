import type { Books } from './books.ts'
import { demandOf, topics } from './life.ts'
import { notFound, type Service } from './service.ts'
import { dayNumber, isoDay } from './time.ts'

/** What people look for, and how many of them came. */
export function searchConsoleOf(books: Books, hasDrifted: (name: string) => boolean): Service {
  return ({ method, path, now }) => {
    if (method !== 'GET' || path !== '/v1/queries') return notFound
    const number = (value: number) => (hasDrifted('numbers-as-text') ? value.toLocaleString('en-US') : value)
    const today = dayNumber(now)
    const visits = books.count(
      'select coalesce(sum(visits), 0) from days where day > ? and day < ?',
      today - 8,
      today,
    )
    const covered = new Set(
      books.all<{ topic: string }>('select topic from articles').map(({ topic }) => topic),
    )
    const queries = topics.map((query) => ({
      query,
      impressions: number(demandOf(query) * 190),
      clicks: number(covered.has(query) ? demandOf(query) * 7 : 0),
    }))
    return { status: 200, body: { today: isoDay(now), visits: number(visits), queries } }
  }
}
