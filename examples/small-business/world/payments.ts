import type { Books } from './books.ts'
import type { Life } from './life.ts'
import { fieldsOf, notFound, type Reply, refuse, type Service } from './service.ts'
import { dayMs, isoDay } from './time.ts'

const pageSize = 2

/**
 * Orders, invoices and payments, with money in cents. Deeds are done once for each idempotency key. On one day of each week it settles,
 * says so, and takes no invoices.
 */
export function paymentsOf(
  books: Books,
  life: Life,
  { hasDrifted, isSettling }: { hasDrifted: (name: string) => boolean; isSettling: (now: number) => boolean },
): Service {
  const day = (at: number) =>
    hasDrifted('date-format') ? isoDay(at).split('-').reverse().join('/') : isoDay(at)
  const uninvoiced = `from orders o join customers c on c.email = o.customer where not exists (select 1 from invoices i where i.order_id = o.id)`
  const unmatched = 'from payments p where p.matched is null and p.is_unclear = 0'
  /** Payments of an invoice that another payment settled, and that were not paid back. */
  const overpaid = `from payments p where p.matched is not null and not exists (select 1 from refunds r where r.payment = p.id)
    and exists (select 1 from payments q where q.matched = p.matched and (q.at < p.at or (q.at = p.at and q.id < p.id)))`

  function orders(): Reply {
    const rows = books.all<{ id: string; cents: number; name: string; email: string; description: string }>(
      `select o.id, o.cents, c.name, c.email, o.description ${uninvoiced} order by o.at, o.id limit 30`,
    )
    const amount = hasDrifted('field-renamed') ? 'total' : 'amount'
    return {
      status: 200,
      body: {
        orders: rows.map(({ cents, name, email, ...order }) => ({
          ...order,
          [amount]: cents,
          customer: { name, email },
        })),
      },
    }
  }

  function createInvoice(body: unknown, now: number): Reply {
    const { order, amount } = fieldsOf(body)
    const found = books.one<{ customer: string; cents: number }>(
      'select customer, cents from orders where id = ?',
      String(order),
    )
    if (!found) return refuse(`there is no order ${order}`)
    if (amount !== found.cents) return refuse(`order ${order} is for ${found.cents} cents, not ${amount}`)
    // As real ones do, it makes two of what is asked for twice without the same key.
    const count = books.count('select count(*) from invoices where order_id = ?', String(order))
    const id = `I${String(order).slice(2)}${count === 0 ? '' : `-${count + 1}`}`
    const row = [id, String(order), found.customer, found.cents, now, now + 14 * dayMs, 'open', 0]
    books.run('insert into invoices values (?, ?, ?, ?, ?, ?, ?, ?)', ...row)
    return { status: 201, body: { id, due: day(now + 14 * dayMs) } }
  }

  function openInvoices(now: number): Reply {
    const rows = books.all<{
      id: string
      cents: number
      email: string
      name: string
      at: number
      due: number
      reminders: number
    }>(
      `select i.id, i.cents, c.email, c.name, i.at, i.due, i.reminders from invoices i join customers c on c.email = i.customer
       where i.state = 'open' order by i.at, i.id`,
    )
    return {
      status: 200,
      body: {
        today: isoDay(now),
        invoices: rows.map(({ at, due, cents, ...row }) => ({
          ...row,
          amount: cents,
          issued: day(at),
          due: day(due),
        })),
      },
    }
  }

  function newPayments(query: URLSearchParams): Reply {
    const parameter = hasDrifted('pages-by-cursor') ? 'cursor' : 'page'
    const other = parameter === 'page' ? 'cursor' : 'page'
    if (query.has(other))
      return refuse(`the parameter "${other}" is not known; page with "${parameter}"`, 400)
    const page = Number(query.get(parameter) ?? 1)
    const rows = books.all<{ id: string; cents: number; reference: string; at: number; name: string }>(
      `select p.id, p.cents, p.reference, p.at, (select name from customers where email = p.customer) as name ${unmatched}
       order by p.at, p.id limit ? offset ?`,
      ...[pageSize + 1, (page - 1) * pageSize],
    )
    const next = rows.length > pageSize ? page + 1 : null
    return {
      status: 200,
      body: {
        payments: rows
          .slice(0, pageSize)
          .map(({ at, cents, ...row }) => ({ ...row, amount: cents, received: day(at) })),
        next,
      },
    }
  }

  function match(payment: string, body: unknown): Reply {
    const { invoice } = fieldsOf(body)
    const found = books.one<{ cents: number }>('select cents from invoices where id = ?', String(invoice))
    if (!found) return refuse(`there is no invoice ${invoice}`)
    books.run('update payments set matched = ? where id = ?', String(invoice), payment)
    books.run(`update invoices set state = 'paid' where id = ?`, String(invoice))
    return { status: 200, body: { payment, invoice: String(invoice) } }
  }

  function noteReminder(invoice: string, body: unknown): Reply {
    const { level } = fieldsOf(body)
    if (typeof level !== 'number') return refuse('the field "level" is missing')
    books.run('update invoices set reminders = max(reminders, ?) where id = ?', level, invoice)
    return { status: 200, body: { invoice, reminders: level } }
  }

  function payBack(body: unknown, key: string, now: number): Reply {
    const { payment, amount } = fieldsOf(body)
    const found = books.one<{ cents: number }>('select cents from payments where id = ?', String(payment))
    if (!found) return refuse(`there is no payment ${payment}`)
    if (typeof amount !== 'number' || amount > found.cents)
      return refuse(`payment ${payment} was of ${found.cents} cents`)
    books.run(
      'insert into refunds (payment, cents, at, key) values (?, ?, ?, ?)',
      String(payment),
      amount,
      now,
      key,
    )
    return { status: 201, body: { payment: String(payment), amount } }
  }

  function summary(now: number): Reply {
    // By days, as whoever reminds counts.
    const toRemind = `select count(*) from invoices where state = 'open' and reminders < 3 and due / ${dayMs} + reminders * 7 < ?`
    return {
      status: 200,
      body: {
        today: isoDay(now),
        settling: isSettling(now),
        uninvoiced: books.count(`select count(*) ${uninvoiced}`),
        unmatched: books.count(`select count(*) ${unmatched}`),
        open: books.count(`select count(*) from invoices where state = 'open'`),
        toRemind: books.count(toRemind, Math.floor(now / dayMs)),
        overpaid: books.all(`select p.id as payment, p.cents as amount ${overpaid} order by p.at limit 5`),
      },
    }
  }

  return ({ method, path, query, body, key, now }) => {
    if (method === 'GET') {
      if (path === '/v1/orders') return orders()
      if (path === '/v1/invoices') return openInvoices(now)
      if (path === '/v1/payments') return newPayments(query)
      if (path === '/v1/summary') return summary(now)
      return notFound
    }
    if (method !== 'POST') return notFound
    const [, payment] = /^\/v1\/payments\/([^/]+)\/match$/.exec(path) ?? []
    if (payment) return match(payment, body)
    const [, unclear] = /^\/v1\/payments\/([^/]+)\/unclear$/.exec(path) ?? []
    if (unclear) {
      books.run('update payments set is_unclear = 1 where id = ?', unclear)
      return { status: 200, body: { payment: unclear } }
    }
    const [, invoice] = /^\/v1\/invoices\/([^/]+)\/reminders$/.exec(path) ?? []
    if (invoice) return noteReminder(invoice, body)
    if (key === undefined) return refuse('an Idempotency-Key is needed', 400)
    if (path === '/v1/invoices') {
      if (isSettling(now)) return refuse('no invoices are taken on the day of settlement', 503)
      const made = createInvoice(body, now)
      if (made.status === 201) life.reminded((made.body as { id: string }).id, 0, now)
      return made
    }
    return path === '/v1/refunds' ? payBack(body, key, now) : notFound
  }
}
