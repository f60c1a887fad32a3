import { stripe } from 'reeve/connectors/stripe'

/** Refunds go to a stand-in of Stripe on this machine; with `mode: 'live'`, to the account that `reeve connect stripe` was given. */
export const payments = stripe({
  account: 'shop',
  mode: 'sandbox',
  rules: { refund: { approval: ({ amount }) => amount === undefined || amount > 100_00 } },
})
