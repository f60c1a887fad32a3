import type { StandInAnswer } from '../../stand-in/exchange.ts'
import { type Form, failure, made, type Thing } from './wire.ts'

/** What the stand-in of Stripe knows. */
export interface State {
  account: string
  customers: Thing[]
  payments: Thing[]
  refunds: Thing[]
  invoices: Thing[]
  events: Thing[]
}

export function beginning(): State {
  const payment = (id: string, amount: number): Thing => ({
    id,
    object: 'payment_intent',
    amount,
    amount_received: amount,
    currency: 'usd',
    status: 'succeeded',
    customer: null,
    livemode: false,
    metadata: {},
  })
  return {
    account: 'acct_standin',
    customers: [],
    payments: [
      payment('pi_standin_20', 20_00),
      payment('pi_standin_49', 49_00),
      payment('pi_standin_50', 50_00),
      payment('pi_standin_149', 149_00),
      payment('pi_standin_900', 900_00),
    ],
    refunds: [],
    invoices: [],
    events: [],
  }
}

/** Pays a payment back, as far as something is left of it. */
export function refund(
  state: State,
  form: Form,
  created: number,
  note: (type: string, object: Thing) => void,
): StandInAnswer {
  const payment = state.payments.find(({ id }) => id === form.payment_intent)
  if (!payment)
    return failure(
      404,
      'invalid_request_error',
      `No such payment_intent: '${String(form.payment_intent)}'`,
      'resource_missing',
    )
  const before = state.refunds.filter(({ payment_intent }) => payment_intent === payment.id)
  const left = Number(payment.amount) - before.reduce((sum, { amount }) => sum + Number(amount), 0)
  const amount = form.amount === undefined ? left : Number(form.amount)
  if (left <= 0)
    return failure(
      400,
      'invalid_request_error',
      `Charge ${payment.id} has already been refunded.`,
      'charge_already_refunded',
    )
  if (!(amount > 0) || amount > left)
    return failure(
      400,
      'invalid_request_error',
      `Refund amount ($${amount / 100}) is greater than unrefunded amount on charge ($${left / 100})`,
    )
  const made_ = {
    id: made('re'),
    object: 'refund',
    amount,
    currency: payment.currency,
    status: 'succeeded',
    payment_intent: payment.id,
    reason: form.reason ?? null,
    created,
    metadata: form.metadata ?? {},
  }
  state.refunds.unshift(made_)
  note('charge.refunded', made_)
  return { body: made_ }
}
