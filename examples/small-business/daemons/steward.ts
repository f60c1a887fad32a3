import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DaemonDecision, daemon } from 'reeve'
import { ask } from '../addresses.ts'

/** What the steward decides upon, beside what Reeve gathers. Nothing in it moves by itself. */
interface Gathered {
  up: { site: boolean; payments: boolean; mail: boolean; search: boolean }
  openLetters: number
  /** The payment service settles today. What that means, nobody told the steward. */
  settling: boolean
  /** Letters that ask for a discount. */
  held: string[]
  uninvoiced: number
  unmatched: number
  toRemind: number
  overpaid: { payment: string; amount: number }[]
  /** Nobody looked at the site today. */
  siteCheckDue: boolean
  /** What to write about; null: something was published lately. */
  articleDue: string | null
  /** The week (its Monday) that nobody reported on yet. */
  reportDue: string | null
}

const dayMs = 86_400_000

async function gather({ signal }: { signal: AbortSignal }): Promise<Gathered> {
  const orDown = <T>(answer: Promise<T>) => answer.catch(() => undefined)
  const [site, payments, mail, search] = await Promise.all([
    orDown(
      ask<{ today: string; lastArticle: string | null; topics: string[] }>('SITE_URL', '/api/status', signal),
    ),
    orDown(
      ask<Pick<Gathered, 'settling' | 'uninvoiced' | 'unmatched' | 'toRemind' | 'overpaid'>>(
        'PAYMENTS_URL',
        '/v1/summary',
        signal,
      ),
    ),
    orDown(ask<{ today: string; open: number; held: string[] }>('MAIL_URL', '/v1/summary', signal)),
    orDown(
      ask<{ queries: { query: string; impressions: number | string }[] }>(
        'SEARCH_URL',
        '/v1/queries',
        signal,
      ),
    ),
  ])
  const today = site?.today ?? mail?.today
  const done = await notes()
  const sinceArticle = site?.lastArticle
    ? Date.parse(site.today) - Date.parse(site.lastArticle)
    : Number.POSITIVE_INFINITY
  const monday = today && mondayBefore(today)
  return {
    up: { site: !!site, payments: !!payments, mail: !!mail, search: !!search },
    openLetters: mail?.open ?? 0,
    settling: payments?.settling ?? false,
    held: mail?.held ?? [],
    uninvoiced: payments?.uninvoiced ?? 0,
    unmatched: payments?.unmatched ?? 0,
    toRemind: payments?.toRemind ?? 0,
    overpaid: payments?.overpaid ?? [],
    siteCheckDue: !!today && done.siteChecked !== today,
    articleDue: site && sinceArticle >= 3 * dayMs ? topicFor(site.topics, search?.queries ?? []) : null,
    reportDue: monday && monday >= firstReport && done.reported !== monday ? monday : null,
  }
}

const firstReport = '2026-03-02'

/** The Monday of the week that is over. */
function mondayBefore(day: string): string {
  const at = Date.parse(day)
  const sinceMonday = (new Date(at).getUTCDay() + 6) % 7
  return new Date(at - (sinceMonday + 7) * dayMs).toISOString().slice(0, 10)
}

/** What most people look for and was written about the least. */
function topicFor(
  written: string[],
  queries: { query: string; impressions: number | string }[],
): string | null {
  const timesOf = (query: string) => written.filter((each) => each === query).length
  const wanted = (impressions: number | string) => Number(String(impressions).replaceAll(',', ''))
  const ranked = queries.toSorted(
    (left, right) =>
      timesOf(left.query) - timesOf(right.query) || wanted(right.impressions) - wanted(left.impressions),
  )
  return ranked[0]?.query ?? null
}

/** What scripts wrote down of themselves. */
async function notes(): Promise<{ siteChecked?: string; reported?: string }> {
  const read = (name: string) =>
    readFile(join(import.meta.dirname, '../notes', name), 'utf8').then(
      (text) => text.trim(),
      () => '',
    )
  return { siteChecked: await read('site-checked'), reported: await read('reported') }
}

/** Where no model can be asked: first who waits, then the money. */
function rules(gathered: Gathered): DaemonDecision | undefined {
  const { up } = gathered
  if (up.mail && gathered.openLetters > 0) return { decision: 'answer-leads', reason: 'letters wait' }
  if (up.payments && gathered.unmatched > 0)
    return { decision: 'reconcile-payments', reason: 'payments came' }
  if (up.payments && up.mail && gathered.uninvoiced > 0)
    return { decision: 'send-invoices', reason: 'orders were delivered' }
  if (up.site && gathered.siteCheckDue)
    return { decision: 'check-site', reason: 'nobody looked at the site today' }
  return undefined
}

const needs: Record<string, (keyof Gathered['up'])[]> = {
  'answer-leads': ['mail'],
  'offer-discount': ['mail'],
  'send-invoices': ['payments', 'mail'],
  'send-reminders': ['payments', 'mail'],
  'reconcile-payments': ['payments'],
  'refund-overpayment': ['payments'],
  'publish-article': ['site'],
  'check-site': ['site'],
  'weekly-report': ['search', 'payments', 'mail'],
}

export default daemon({
  goals: ['prompt-answers', 'cash-in', 'more-readers'],
  every: '6h',
  floor: '10m',
  ceiling: '12h',
  budget: { day: '$0.15' },
  route: 'decide',
  instructions:
    'You run a small studio that looks after websites. Customers who wait come first, then money, then readers.',
  gather,
  // What failed while a service was down may be tried again when it is back.
  relevant: ({ up, settling }, directive) => [
    ...(needs[directive] ?? []).map((service) => up[service]),
    ...(directive === 'send-invoices' ? [settling] : []),
  ],
  rules: ({ gathered }) => rules(gathered),
  grants: [
    { tool: 'script.check_site' },
    { tool: 'script.publish_article' },
    { tool: 'script.read_inbox' },
    { tool: 'script.send_replies' },
    { tool: 'script.offer_discount' },
    { tool: 'script.send_invoices' },
    { tool: 'script.send_reminders' },
    { tool: 'script.reconcile_payments' },
    { tool: 'script.weekly_figures' },
    { tool: 'script.send_report', rate: { count: 2, per: '1d' } },
    {
      tool: 'script.refund_overpayment',
      args: { amount: { min: 1, max: 100_000 } },
      budgets: [{ id: 'refunds a day', ceiling: 200_000, per: '1d', adds: 'amount' }],
    },
  ],
})
