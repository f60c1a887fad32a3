import { type Chance, pick } from './chance.ts'
import { dayMs, dayNumber, hourMs, startOfDay } from './time.ts'

export const services = ['site', 'payments', 'mail', 'search', 'model'] as const
export type ServiceName = (typeof services)[number]

/** A service answers nobody from `from` to `until`. */
export interface Outage {
  service: ServiceName
  from: number
  until: number
}

/** A change of an interface, as its maker announces it: too late, and by breaking what was there. */
export interface Drift {
  name: string
  service: ServiceName
  /** In a sentence. */
  what: string
  from: number
  /** The script that breaks, the part of it that is right afterwards, and what somebody hasty would take for right. */
  mend: { file: string; from: string; to: string; wrong: string }
}

/** The process of the worker is killed (SIGKILL) when the world gets its `nth` writing request of the day. */
export interface Kill {
  day: number
  service: ServiceName
  /** Before the deed is done, or after it and before it is answered. */
  moment: 'before' | 'after'
  /** Once more at the first request after it came back. */
  twice: boolean
}

export interface FaultPlan {
  outages: Outage[]
  drifts: Drift[]
  kills: Kill[]
  /** Days on which sixty letters come that nobody wants. */
  floods: number[]
  /** The day of the week on which the payment service takes no invoices, as every week; null: there is none. */
  settlement: number | null
}

export const noFaults: FaultPlan = { outages: [], drifts: [], kills: [], floods: [], settlement: null }

export const drifts: Omit<Drift, 'from'>[] = [
  {
    name: 'page-moved',
    service: 'site',
    what: 'the page /pricing moved to /plans',
    mend: { file: 'scripts/check_site.sh', from: '/pricing', to: '/plans', wrong: '' },
  },
  {
    name: 'field-renamed',
    service: 'payments',
    what: 'the payment service calls the amount of an order "total"',
    mend: {
      file: 'scripts/send_invoices.mjs',
      from: 'const cents = order.amount',
      to: 'const cents = order.total ?? order.amount',
      wrong: 'const cents = order.amount ?? 0',
    },
  },
  {
    name: 'date-format',
    service: 'payments',
    what: 'the payment service writes dates as 31/12/2026',
    mend: {
      file: 'scripts/send_reminders.mjs',
      from: 'const readDay = (text) => Date.parse(text)',
      to: "const readDay = (text) => Date.parse(text.includes('/') ? text.split('/').reverse().join('-') : text)",
      wrong: "const readDay = (text) => Date.parse(text.split('/').join('-'))",
    },
  },
  {
    name: 'pages-by-cursor',
    service: 'payments',
    what: 'the payment service pages by cursor',
    mend: {
      file: 'scripts/reconcile_payments.mjs',
      from: '?page=',
      to: '?cursor=',
      wrong: '?page=1&cursor=',
    },
  },
  {
    name: 'body-renamed',
    service: 'site',
    what: 'the site takes the text of an article as "content"',
    mend: {
      file: 'scripts/publish_article.mjs',
      from: 'body: { title, topic, body },',
      to: 'body: { title, topic, body, content: body },',
      // The site takes it, and has a part of the article.
      wrong: 'body: { title, topic, body, content: body.slice(0, 400) },',
    },
  },
  {
    name: 'numbers-as-text',
    service: 'search',
    what: 'the search console writes numbers as "1,234"',
    mend: {
      file: 'scripts/weekly_figures.py',
      from: 'return int(value)',
      to: 'return int(str(value).replace(",", ""))',
      wrong: 'return int(value.replace(",", ""))',
    },
  },
]

/** What goes wrong, and when: all of it from the seed. */
export function planFaults(chance: Chance, days: number): FaultPlan {
  const order = drifts.toSorted((left, right) => chance('order', left.name) - chance('order', right.name))
  const spacing = Math.max(1, (days - 8) / order.length)
  return {
    drifts: order.map((drift, index) => ({
      ...drift,
      from: startOfDay(5 + Math.floor(index * spacing + chance('drift', drift.name) * spacing * 0.7)),
    })),
    outages: services.flatMap((service) => outagesOf(service, chance, days)),
    kills: killsOf(chance, days),
    floods: days < 20 ? [] : [Math.floor(days * 0.3), Math.floor(days * 0.75)],
    settlement: Math.floor(chance('settlement') * 7),
  }
}

function outagesOf(service: ServiceName, chance: Chance, days: number): Outage[] {
  const found: Outage[] = []
  for (let day = 4; day <= days; day++) {
    if (chance('outage', service, day) > 1 / 18) continue
    const from = startOfDay(day) + Math.floor(chance('outage-at', service, day) * 20) * hourMs
    found.push({
      service,
      from,
      until: from + (2 + Math.floor(chance('outage-for', service, day) * 7)) * hourMs,
    })
  }
  return found
}

function killsOf(chance: Chance, days: number): Kill[] {
  const found: Kill[] = []
  for (let day = 2; day <= days; day++) {
    if (chance('kill', day) > 1 / 6) continue
    found.push({
      day,
      service: pick(['payments', 'mail', 'mail', 'site', 'model'] as const, chance('kill-at', day)),
      moment: chance('kill-moment', day) < 0.6 ? 'after' : 'before',
      twice: chance('kill-twice', day) < 0.2,
    })
  }
  return found
}

export function isOut(plan: FaultPlan, service: ServiceName, now: number): boolean {
  return plan.outages.some((each) => each.service === service && each.from <= now && now < each.until)
}

export function hasDrifted(plan: FaultPlan, name: string, now: number): boolean {
  return plan.drifts.some((drift) => drift.name === name && drift.from <= now)
}

export function isSettling({ settlement }: FaultPlan, now: number): boolean {
  return settlement === new Date(now).getUTCDay()
}

export function floodOn(plan: FaultPlan, now: number): boolean {
  return plan.floods.includes(dayNumber(now))
}

/** The next moment at which something begins or ends by itself. */
export function nextChange(plan: FaultPlan, now: number): number {
  const moments = [
    ...plan.outages.flatMap(({ from, until }) => [from, until]),
    ...plan.drifts.map(({ from }) => from),
  ]
  return Math.min(now + dayMs, ...moments.filter((at) => at > now))
}
