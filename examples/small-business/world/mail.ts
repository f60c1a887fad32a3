import type { Books } from './books.ts'
import type { Life } from './life.ts'
import { fieldsOf, notFound, type Reply, refuse, type Service } from './service.ts'
import { isoDay } from './time.ts'

const owner = 'owner@fernhill.example'

/**
 * The mail box of the business. Messages take an idempotency key; letters to the owner do not, as most mail servers: whoever does
 * not know whether one went out has to look.
 */
export function mailOf(books: Books, life: Life): Service {
  function summary(now: number): object {
    return {
      today: isoDay(now),
      open: books.count(`select count(*) from inbox where state = 'open'`),
      held: books
        .all<{ id: string }>(`select id from inbox where state = 'held' order by at limit 5`)
        .map(({ id }) => id),
    }
  }

  function inbox(query: URLSearchParams): Reply {
    const most = Math.min(50, Number(query.get('limit') ?? 20))
    const messages = books.all(
      `select id, sender as "from", name, subject, body from inbox where state = 'open' order by at, id limit ?`,
      most,
    )
    return { status: 200, body: { messages } }
  }

  function send(body: unknown, key: string | null, now: number): Reply {
    const { to, kind, ref, subject, body: text } = fieldsOf(body)
    if (typeof to !== 'string' || !to.includes('@')) return refuse(`"${to}" is no address`)
    books.run(
      'insert into sent (at, recipient, kind, ref, subject, body, key) values (?, ?, ?, ?, ?, ?, ?)',
      ...[now, to, String(kind), String(ref), String(subject), String(text), key],
    )
    const [, invoice, level] = /^(.+)\/(\d)$/.exec(String(ref)) ?? []
    if (kind === 'reminder' && invoice) life.reminded(invoice, Number(level), now)
    if (kind === 'reply') life.answered(String(ref), String(fieldsOf(body).as), now)
    return { status: 202, body: { accepted: true } }
  }

  return ({ method, path, query, body, key, now }) => {
    if (method === 'GET' && path === '/v1/inbox') return inbox(query)
    if (method === 'GET' && path === '/v1/summary') return { status: 200, body: summary(now) }
    if (method === 'GET' && path === '/v1/sent') {
      const wanted = ['kind', 'ref'].map((name) => query.get(name) ?? '')
      return {
        status: 200,
        body: `${books.count('select count(*) from sent where kind = ? and ref = ?', ...wanted)} sent`,
      }
    }
    const [, id] = /^\/v1\/inbox\/([^/]+)$/.exec(path) ?? []
    if (method === 'GET' && id) {
      const letter = books.one<object>(
        'select id, sender as "from", name, subject, body from inbox where id = ?',
        id,
      )
      return letter ? { status: 200, body: letter } : notFound
    }
    if (method !== 'POST') return notFound
    if (path === '/v1/letters') {
      const { week, text } = fieldsOf(body)
      return send({ to: owner, kind: 'report', ref: week, subject: `Week ${week}`, body: text }, null, now)
    }
    if (path === '/v1/held') {
      books.run(
        `update inbox set state = 'held', read_as = 'discount', done_at = ? where id = ? and state = 'open'`,
        ...[now, String(fieldsOf(body).id)],
      )
      return { status: 200, body: { held: true } }
    }
    if (path === '/v1/junk') {
      life.answered(String(fieldsOf(body).id), 'spam', now)
      return { status: 200, body: { junk: true } }
    }
    if (path !== '/v1/messages') return notFound
    return key === undefined ? refuse('an Idempotency-Key is needed', 400) : send(body, key, now)
  }
}
