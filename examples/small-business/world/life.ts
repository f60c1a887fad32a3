import type { Books } from './books.ts'
import { type Chance, countOf, pick } from './chance.ts'
import { type FaultPlan, floodOn, isOut } from './faults.ts'
import { type LeadKind, letters } from './letters.ts'
import { dayMs, firstDay, hourMs, startOfDay } from './time.ts'

export const topics = [
  'website care',
  'opening hours online',
  'contact forms',
  'page speed',
  'local search',
  'photos that load',
  'broken links',
  'backups',
  'booking online',
  'privacy notices',
  'spring sales',
  'reviews',
] as const

const firstNames = [
  'Ada',
  'Ben',
  'Chloe',
  'Dev',
  'Elif',
  'Finn',
  'Grete',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaya',
  'Lena',
]
const trades = [
  'Bakery',
  'Florist',
  'Joinery',
  'Yoga',
  'Cafe',
  'Dental',
  'Cycles',
  'Books',
  'Pottery',
  'Garage',
]

const plans = [
  { plan: 'care', cents: 4900 },
  { plan: 'care plus', cents: 7900 },
] as const

/** What happens by itself: visitors, letters, orders, payments. All of it stands in the books' agenda, so that it can go on anywhere. */
export class Life {
  readonly #books: Books
  readonly #chance: Chance
  readonly #plan: FaultPlan

  constructor(books: Books, chance: Chance, plan: FaultPlan) {
    this.#books = books
    this.#chance = chance
    this.#plan = plan
  }

  begin(): void {
    if (this.#books.fact('now') !== undefined) return
    this.#books.together(() => {
      this.#books.setFact('now', firstDay)
      this.#books.plan(firstDay, 'day', { day: 1 })
      for (let index = 0; index < 8; index++)
        this.#newCustomer(`early-${index}`, firstDay + (index + 1) * 9 * hourMs)
    })
  }

  get now(): number {
    return Number(this.#books.fact('now'))
  }

  /** Everything up to then has happened. */
  advance(to: number): void {
    if (to <= this.now) return
    this.#books.together(() => {
      for (;;) {
        const next = this.#books.one<{ no: number; at: number; kind: string; what: string }>(
          'select * from agenda where at <= ? order by at, no limit 1',
          to,
        )
        if (!next) break
        this.#books.run('delete from agenda where no = ?', next.no)
        this.#happen(next.kind, JSON.parse(next.what) as { [part: string]: string }, next.at)
      }
      this.#books.setFact('now', to)
    })
  }

  #happen(kind: string, what: { [part: string]: string }, at: number): void {
    if (kind === 'day') this.#beginDay(Number(what.day))
    else if (kind === 'letter') this.#letterComes(what.id!, what.kind as LeadKind, at)
    else if (kind === 'decides') this.#leadDecides(what.id!, at)
    else if (kind === 'order') this.#orderIsDelivered(what.email!, Number(what.no), at)
    else this.#customerPays(what.invoice!, at)
  }

  #beginDay(day: number): void {
    const at = startOfDay(day)
    const visits = this.#visitsOn(day)
    this.#books.run('insert into days values (?, ?)', day, visits)
    const count = countOf(visits / 26, this.#chance, 'letters', day)
    for (let index = 0; index < count; index++) {
      const id = `m${day}-${index}`
      const kinds: LeadKind[] = [
        'price',
        'price',
        'price',
        'project',
        'project',
        'discount',
        'support',
        'spam',
        'spam',
      ]
      const kind = pick(kinds, this.#chance('kind', id))
      this.#books.plan(at + (6 + this.#chance('hour', id) * 15) * hourMs, 'letter', { id, kind })
    }
    if (floodOn(this.#plan, at))
      for (let index = 0; index < 60; index++)
        this.#books.plan(at + 3 * hourMs + index * 60_000, 'letter', { id: `f${day}-${index}`, kind: 'spam' })
    this.#books.plan(startOfDay(day + 1), 'day', { day: day + 1 })
  }

  /** Spring brings more, weekends less, each article its own readers for a while; who cannot reach the site is not counted. */
  #visitsOn(day: number): number {
    const at = startOfDay(day)
    const season = 1 + 0.35 * Math.sin((day / 90) * Math.PI)
    const week = [0.6, 1.1, 1.15, 1.1, 1.05, 1, 0.7][new Date(at).getUTCDay()]!
    const articles = this.#books.all<{ slug: string; topic: string; at: number }>(
      'select slug, topic, at from articles',
    )
    const readers = articles.reduce((sum, { topic, at: since }) => {
      const age = (at - since) / dayMs
      return sum + demandOf(topic) * Math.exp(-age / 35)
    }, 0)
    let hours = 24
    for (let hour = 0; hour < 24; hour++) if (isOut(this.#plan, 'site', at + hour * hourMs)) hours--
    return Math.round(((55 + readers) * season * week * hours) / 24)
  }

  #letterComes(id: string, kind: LeadKind, at: number): void {
    const name = pick(firstNames, this.#chance('first', id))
    const trade = `${name}'s ${pick(trades, this.#chance('trade', id))}`
    const [subject, body] = pick(letters[kind], this.#chance('wording', id)).map((text) =>
      text.replaceAll('TRADE', trade).replaceAll('NAME', name),
    ) as [string, string]
    const sender = kind === 'spam' ? `${id}@bulk.invalid` : `${name.toLowerCase()}.${id}@customers.example`
    const insert = `insert into inbox (id, at, sender, name, kind, subject, body, state) values (?, ?, ?, ?, ?, ?, ?, 'open')`
    this.#books.run(insert, id, at, sender, name, kind, subject, body)
  }

  /** A letter was answered, as one of that kind: whether that was right, and how soon, decides what comes of it. */
  answered(id: string, as: string, now: number): void {
    const letter = this.#books.one<{ at: number; kind: LeadKind }>(
      'select at, kind from inbox where id = ?',
      id,
    )
    if (!letter) return
    this.#books.run(
      `update inbox set state = ?, read_as = coalesce(read_as, ?), done_at = ? where id = ?`,
      ...[as, as, now, id],
    )
    if (as !== letter.kind || letter.kind === 'spam' || letter.kind === 'support') return
    const wait = (12 + this.#chance('thinks', id) * 36) * hourMs
    this.#books.plan(now + wait, 'decides', { id })
  }

  #leadDecides(id: string, at: number): void {
    const letter = this.#books.one<{
      at: number
      done_at: number
      kind: LeadKind
      name: string
      sender: string
    }>('select at, done_at, kind, name, sender from inbox where id = ?', id)!
    const hours = (letter.done_at - letter.at) / hourMs
    const patience = hours < 12 ? 1 : hours < 30 ? 0.7 : hours < 60 ? 0.35 : 0.08
    const wants = { price: 0.5, project: 0.4, discount: 0.5, support: 0, spam: 0 }[letter.kind]
    const buys = this.#chance('buys', id) < wants * patience
    this.#books.run('update inbox set outcome = ? where id = ?', buys ? 'bought' : 'lost', id)
    if (buys) this.#newCustomer(id, at, letter)
  }

  #newCustomer(id: string, at: number, letter?: { kind: LeadKind; name: string; sender: string }): void {
    const isProject = letter?.kind === 'project'
    const name = letter?.name ?? pick(firstNames, this.#chance('first', id))
    const email = letter?.sender ?? `${name.toLowerCase()}.${id}@customers.example`
    const bought = isProject
      ? { plan: 'project', cents: 18_000 + Math.floor(this.#chance('size', id) * 14) * 5000 }
      : pick(plans, this.#chance('plan', id))
    const luck = this.#chance('habit', id)
    const habit = luck < 0.6 ? 'prompt' : luck < 0.9 ? 'forgetful' : luck < 0.98 ? 'slow' : 'never'
    this.#books.run(
      `insert or ignore into customers values (?, ?, ?, ?, ?, ?, null)`,
      ...[email, name, bought.plan, bought.cents, habit, at],
    )
    this.#books.plan(at + (12 + this.#chance('starts', id) * 48) * hourMs, 'order', { email, no: 1 })
  }

  #orderIsDelivered(email: string, no: number, at: number): void {
    const customer = this.#books.one<{ plan: string; cents: number; left_at: number | null }>(
      'select plan, cents, left_at from customers where email = ?',
      email,
    )!
    if (customer.left_at !== null) return
    const id = `o-${email.split('@')[0]}-${no}`
    const what = customer.plan === 'project' ? 'A page, built' : `Website ${customer.plan}, month ${no}`
    this.#books.run('insert into orders values (?, ?, ?, ?, ?)', id, email, customer.cents, what, at)
    if (customer.plan === 'project') return
    const leaves = this.#chance('leaves', email, no) < 0.08
    if (leaves) this.#books.run('update customers set left_at = ? where email = ?', at + 30 * dayMs, email)
    this.#books.plan(at + 30 * dayMs, 'order', { email, no: no + 1 })
  }

  /** An invoice or a reminder of it has come to the customer. */
  reminded(invoice: string, level: number, now: number): void {
    const found = this.#books.one<{ habit: string; customer: string }>(
      'select c.habit, i.customer from invoices i join customers c on c.email = i.customer where i.id = ?',
      invoice,
    )
    if (!found) return
    const paysAt = { prompt: 0, forgetful: 1, slow: 2, never: Number.POSITIVE_INFINITY }[found.habit] ?? 0
    if (level !== paysAt) return
    const days = level === 0 ? 2 + this.#chance('pays', invoice) * 6 : 0.5 + this.#chance('pays', invoice) * 2
    this.#books.plan(now + days * dayMs, 'pays', { invoice })
  }

  #customerPays(invoice: string, at: number): void {
    const found = this.#books.one<{ cents: number; customer: string; name: string }>(
      'select i.cents, i.customer, c.name from invoices i join customers c on c.email = i.customer where i.id = ?',
      invoice,
    )!
    const pay = (id: string, reference: string) =>
      this.#books.run(
        'insert into payments values (?, ?, ?, ?, ?, ?, null, 0)',
        ...[id, found.customer, invoice, found.cents, reference, at],
      )
    const isNamed = this.#chance('reference', invoice) > 0.06
    pay(`p-${invoice}`, isNamed ? `Invoice ${invoice}` : `from ${found.name}`)
    if (this.#chance('twice', invoice) < 0.05) pay(`p-${invoice}-again`, `Invoice ${invoice}`)
  }
}

/** Visitors a day that a fresh article on it brings. */
export function demandOf(topic: string): number {
  const known = (topics as readonly string[]).indexOf(topic)
  return known < 0 ? 0.5 : 3 + ((known * 7) % 5)
}
