import type { Chance } from './chance.ts'

/** Of the daemon's state, what the scripted steward looks at. */
interface State {
  directives?: { name: string }[]
  closed?: { directive: string; params: Record<string, unknown> }[]
  pending?: { directive: string; params: Record<string, unknown> }[]
  gathered?: {
    up: Record<string, boolean>
    openLetters: number
    held: string[]
    uninvoiced: number
    unmatched: number
    toRemind: number
    overpaid: { payment: string; amount: number }[]
    siteCheckDue: boolean
    articleDue: string | null
    reportDue: string | null
  }
}

interface Wish {
  decision: string
  inputs: Record<string, unknown>
  reason: string
  goal: string | null
  needs: string[]
}

/** What there is to do, what matters most first. */
function wishes({ gathered }: State): Wish[] {
  if (!gathered) return []
  const {
    overpaid,
    openLetters,
    held,
    unmatched,
    uninvoiced,
    toRemind,
    siteCheckDue,
    reportDue,
    articleDue,
  } = gathered
  const wish = (
    isDue: unknown,
    decision: string,
    reason: string,
    rest: Partial<Wish> & { needs: string[] },
  ): Wish[] => (isDue ? [{ decision, inputs: {}, reason, goal: null, ...rest }] : [])
  return [
    ...wish(openLetters > 0, 'answer-leads', `${openLetters} letters wait`, {
      needs: ['mail'],
      goal: 'prompt-answers',
    }),
    ...wish(unmatched > 0, 'reconcile-payments', `${unmatched} payments came`, {
      needs: ['payments'],
      goal: 'cash-in',
    }),
    ...wish(uninvoiced > 0, 'send-invoices', `${uninvoiced} orders were delivered`, {
      needs: ['payments', 'mail'],
      goal: 'cash-in',
    }),
    ...overpaid.flatMap((inputs) =>
      wish(true, 'refund-overpayment', `${inputs.payment} paid what was paid already`, {
        inputs,
        needs: ['payments'],
      }),
    ),
    ...held.flatMap((letter) =>
      wish(true, 'offer-discount', `${letter} asks for a discount`, {
        inputs: { letter },
        needs: ['mail'],
        goal: 'cash-in',
      }),
    ),
    ...wish(toRemind > 0, 'send-reminders', `${toRemind} invoices are late`, {
      needs: ['payments', 'mail'],
      goal: 'cash-in',
    }),
    ...wish(siteCheckDue, 'check-site', 'nobody looked at the site today', {
      needs: ['site'],
      goal: 'more-readers',
    }),
    ...wish(reportDue, 'weekly-report', `the week ${reportDue} is over`, {
      inputs: { week: reportDue },
      needs: ['search', 'payments', 'mail'],
    }),
    ...wish(articleDue, 'publish-article', `nothing was published for three days`, {
      inputs: { topic: articleDue },
      needs: ['site'],
      goal: 'more-readers',
    }),
  ]
}

/** One decision as a model would write it, with a model's faults. */
export function decide(
  data: unknown,
  { chance, no, isMending }: { chance: Chance; no: number; isMending: boolean },
): string {
  const state = (typeof data === 'object' && data !== null ? data : {}) as State
  const open = new Set(state.directives?.map(({ name }) => name))
  const barred = [...(state.closed ?? []), ...(state.pending ?? [])]
  const isBarred = ({ decision, inputs }: Wish) =>
    barred.some(
      ({ directive, params }) => directive === decision && JSON.stringify(params) === JSON.stringify(inputs),
    )
  const luck = chance('decides', no)
  // Now and then it does not see that a service is down.
  const isBlind = luck > 0.93
  const able = wishes(state).filter(
    (wish) =>
      open.has(wish.decision) &&
      !isBarred(wish) &&
      (isBlind || wish.needs.every((each) => state.gathered!.up[each])),
  )
  const chosen = able[luck < 0.08 ? 1 : 0] ?? able[0]
  const written = ({ decision, inputs, reason, goal }: Wish) =>
    JSON.stringify({ decision, inputs, reason, goal })
  const nothing: Wish = {
    decision: 'idle',
    inputs: {},
    reason: 'there is nothing to do now',
    goal: null,
    needs: [],
  }
  if (isMending || luck < 0.9) return written(chosen ?? nothing)
  const all = wishes(state)
  if (luck < 0.92 && all.length > 1) return `[${all.map(written).join(', ')}]`
  if (luck < 0.93)
    return written({ ...nothing, decision: 'call-a-friend', reason: 'somebody else should decide' })
  if (luck < 0.96) return `I would do this now:\n\n\`\`\`json\n${written(chosen ?? nothing)}\n\`\`\``
  return written(chosen ?? nothing)
}
