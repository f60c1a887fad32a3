import type { Account, Connector } from '../../api/types.ts'
import type { Tone } from '../../ui/Rows.tsx'
import { duration, many } from '../../ui/words.ts'

/** How an account stands, in words, and how grave that is. */
export const states: Record<Account['state'], { words: string; tone: Tone }> = {
  new: { words: 'not looked at yet', tone: 'plain' },
  connected: { words: 'connected', tone: 'good' },
  degraded: { words: 'degraded', tone: 'warn' },
  'needs-reconnect': { words: 'needs reconnect', tone: 'bad' },
  down: { words: 'down', tone: 'bad' },
}

/** The answer of the page: whether every service is reached, and what a person has to do. */
export function answerOf(connectors: readonly Connector[]): string {
  const accounts = connectors.flatMap((connector) => connector.accounts)
  const of = (state: Account['state']) => accounts.filter((account) => account.state === state).length
  const changed = connectors.filter(({ isAccepted }) => !isAccepted).length
  if (connectors.length === 0) return 'No service is connected.'
  const lost = of('needs-reconnect')
  if (lost > 0) return `${many(lost, 'account wants', 'accounts want')} to be connected again.`
  const down = of('down')
  if (down > 0) return `${many(down, 'account does not answer', 'accounts do not answer')}: calls wait.`
  if (changed > 0)
    return `${many(changed, 'connector changed', 'connectors changed')}: an owner has to accept it.`
  const slow = of('degraded')
  if (slow > 0) return `${many(slow, 'account answers', 'accounts answer')}, and not well.`
  if (accounts.length === 0) return 'No account is connected yet.'
  return accounts.length === 1
    ? 'The one account is connected.'
    : `All ${many(accounts.length, 'account').toLowerCase()} are connected.`
}

/** What its service takes, and how long the line before it is; undefined: nothing holds anything up. */
export function heldUpBy({ rates }: Account, now: number): string | undefined {
  const held = rates.flatMap(({ class: its, backlogMs, blockedUntil }) => {
    const name = its === 'default' ? '' : `${its}: `
    if (blockedUntil !== null)
      return `${name}the service takes nothing for ${duration(Math.max(0, Date.parse(blockedUntil) - now))}`
    return backlogMs < 1000 ? [] : `${name}calls wait ${duration(backlogMs)} for their turn`
  })
  return held.length === 0 ? undefined : held.join(' · ')
}

/** "at most 25 calls in 1 s", of each class of calls. */
export function ratesOf({ rates }: Account): string {
  return rates
    .map(({ class: its, count, perMs, learnt }) => {
      const rate = learnt ?? { count, perMs }
      const what = its === 'default' ? `at most ${rate.count} calls` : `${rate.count} of ${its}`
      return `${what} in ${duration(rate.perMs)}${learnt ? ' (it says so)' : ''}`
    })
    .join(', ')
}
