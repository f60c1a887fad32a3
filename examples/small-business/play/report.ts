import { isoDay } from '../world/time.ts'
import type { Business } from './business.ts'
import { isOfSettlement } from './journal.ts'

/** What may be so much, and no more. */
export interface Goal {
  value: number
  goal: number
  ok: boolean
}

export type Judged = ReturnType<typeof judge>

export const usd = (cents: number) => `$${(cents / 100).toFixed(2)}`

/** One evening, in a line. */
export function dayLine({ day, now, world: { books }, journal, kills, options }: Business): string {
  const { revenue } = money(books)
  const { all } = journal.spent()
  const open = books.count(`select count(*) from inbox where state = 'open'`)
  const learnt = options.isLearning
    ? `  repairs ${journal.repairs().length}  lessons ${journal.lessons().inForce}`
    : ''
  return `day ${String(day - 1).padStart(2)}  ${isoDay(now)}  revenue ${usd(revenue)}  models $${all.toFixed(3)}  letters open ${open}  kills ${kills}${learnt}`
}

function money(books: Business['world']['books']): { revenue: number; paidBack: number } {
  const paidBack = books.count('select coalesce(sum(cents), 0) from refunds')
  return { revenue: books.count('select coalesce(sum(cents), 0) from payments') - paidBack, paidBack }
}

/** What was done twice, by the world's own books: whatever Reeve believes. */
function doubles({ world: { books } }: Business): Record<string, number> {
  const twice = (sql: string) => books.count(`select count(*) from (${sql} having count(*) > 1)`)
  return {
    invoices: twice('select order_id from invoices group by order_id'),
    invoiceMails: twice(`select ref from sent where kind = 'invoice' group by ref`),
    replies: twice(`select ref from sent where kind = 'reply' group by ref`),
    reminders: twice(`select ref from sent where kind = 'reminder' group by ref`),
    reports: twice(`select ref from sent where kind = 'report' group by ref`),
    refunds: twice('select payment from refunds group by payment'),
  }
}

/** How often each fault was run into before it was mended, at most with the same inputs. */
function repeats({ world: { plan, books }, journal }: Business): Record<string, number> {
  const failed = journal
    .decisions()
    .filter((each) => (each.result === 'failed' || each.result === 'unmet') && !isOfSettlement(each.detail))
  const found: Record<string, number> = {}
  for (const { name, from, mend } of plan.drifts) {
    const until = Number(books.fact(`mended ${name}`) ?? Number.POSITIVE_INFINITY)
    const script = mend.file.replace(/^scripts\/|\.\w+$/g, '')
    const times = new Map<string, number>()
    for (const { at, params, detail } of failed)
      if (from <= at && at <= until && detail.includes(script))
        times.set(params, (times.get(params) ?? 0) + 1)
    found[name] = Math.max(0, ...times.values())
  }
  return found
}

/** Pieces of work, and how many of each were right as they were: nobody had to change or repeat them. */
function workDone(
  { world: { books }, operator }: Business,
  { succeeded, failed }: { succeeded: number; failed: number },
): Record<'letters' | 'articles' | 'decisions' | 'together', { all: number; right: number }> {
  const articles = books.count('select count(*) from articles')
  const parts = {
    letters: {
      all: books.count('select count(*) from inbox where read_as is not null'),
      right: books.count('select count(*) from inbox where read_as = kind'),
    },
    articles: { all: articles, right: Math.max(0, articles - operator.attention.edited) },
    decisions: { all: succeeded + failed, right: succeeded },
  }
  const sum = (of: 'all' | 'right') => Object.values(parts).reduce((total, each) => total + each[of], 0)
  return { ...parts, together: { all: sum('all'), right: sum('right') } }
}

/** What became of repairs, and how many of those that took a script's place are right. */
function repairs({ world: { plan }, journal }: Business): Record<string, number> {
  const all = journal.repairs()
  const by = (...statuses: string[]) => all.filter(({ status }) => statuses.includes(status))
  const promoted = by('watching', 'kept')
  const right = promoted.filter(({ file, after }) =>
    plan.drifts.some(({ mend }) => mend.file === file && after?.includes(mend.to)),
  )
  return {
    begun: all.length,
    right: right.length,
    wrong: promoted.length - right.length,
    refused: by('not-repaired', 'rejected').length,
    rolledBack: by('rolled-back').length,
  }
}

export function judge(business: Business, seconds: number) {
  const { world, journal, operator, options } = business
  const { books, plan } = world
  const decisions = journal.decisions()
  const by = (result: string) => decisions.filter((each) => each.result === result).length
  const failed = decisions.filter(({ result }) => result === 'failed' || result === 'unmet')
  const work = workDone(business, { succeeded: by('success'), failed: failed.length })
  const { revenue, paidBack } = money(books)
  const spent = journal.spent()
  const doubled = doubles(business)
  const repeated = repeats(business)
  const worldCost = books.count('select coalesce(sum(cost_nano), 0) from model_calls') / 1e9
  const mostADay =
    books.count(
      'select max(cost) from (select sum(cost_nano) as cost from model_calls group by at / 86400000)',
    ) / 1e9
  const sum = (values: Record<string, number>) =>
    Object.values(values).reduce((total, each) => total + each, 0)
  const most = (values: Record<string, number>) => Math.max(0, ...Object.values(values))
  const atMost = (value: number, goal: number): Goal => ({ value, goal, ok: value <= goal })
  const late = books.count(
    `select count(*) from inbox where state = 'open' and at < ?`,
    world.life.now - 2 * 86_400_000,
  )
  const uninvoiced = books.count(
    `select count(*) from orders o where at < ? and not exists (select 1 from invoices i where i.order_id = o.id)`,
    world.life.now - 3 * 86_400_000,
  )
  return {
    goals: {
      doneTwice: atMost(sum(doubled), 0),
      mostSpentADayUsd: atMost(Number(mostADay.toFixed(6)), 0.15),
      runsLost: atMost(journal.lost(), 0),
      lettersForgotten: atMost(late, 0),
      ordersForgotten: atMost(uninvoiced, 0),
      faultRepeated: atMost(most(repeated), 2),
    },
    figures: {
      seed: options.seed,
      days: options.days,
      journalHash: journal.hash(),
      seconds: Math.round(seconds * 10) / 10,
      secondsPerNinetyDays: Math.round((seconds / options.days) * 90),
      revenueUsd: revenue / 100,
      paidBackUsd: paidBack / 100,
      modelUsd: Number(spent.all.toFixed(6)),
      modelUsdByTheWorld: Number(worldCost.toFixed(6)),
      lettersReadRightly: work.letters.right,
      lettersAnswered: work.letters.all,
      work,
      failedOnSettlement: failed.filter(({ detail }) => isOfSettlement(detail)).length,
      modelCalls: books.count('select count(*) from model_calls'),
      decisions: decisions.length,
      succeeded: by('success'),
      failed: failed.length,
      idle: by('idle'),
      wakesWithoutAsking: journal.skips(),
      kills: Number(books.fact('kills') ?? 0),
      outages: plan.outages.length,
      drifts: plan.drifts.length,
      repairs: repairs(business),
      lessons: journal.lessons(),
      learnt: journal.learnt(),
      doubled,
      repeated,
      asked: operator.attention,
      byHand: byHand(business),
    },
  }
}

/** What a person would have had to do without any of it, in minutes of work. */
function byHand({ world: { books }, options }: Business): { deeds: Record<string, number>; hours: number } {
  const sent = (kind: string) => books.count('select count(*) from sent where kind = ?', kind)
  const deeds: Record<string, [count: number, minutes: number]> = {
    letters: [books.count(`select count(*) from inbox where state <> 'open'`), 3],
    invoices: [books.count('select count(*) from invoices'), 6],
    reminders: [sent('reminder'), 5],
    payments: [books.count('select count(*) from payments where matched is not null'), 3],
    articles: [books.count('select count(*) from articles'), 90],
    reports: [sent('report'), 40],
    checks: [options.days, 5],
  }
  const minutes = Object.values(deeds).reduce((sum, [count, each]) => sum + count * each, 0)
  return {
    deeds: Object.fromEntries(Object.entries(deeds).map(([what, [count]]) => [what, count])),
    hours: Math.round(minutes / 60),
  }
}
