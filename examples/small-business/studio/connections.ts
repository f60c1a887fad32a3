import { email } from 'reeve/connectors/email'
import { googleCalendar } from 'reeve/connectors/google-calendar'
import { stripe } from 'reeve/connectors/stripe'

/** Customers write here. With `mode: 'live'`, `address`, `imap` and `smtp` it is your mailbox. */
export const mail = email({
  mode: 'sandbox',
  address: 'desk@sandbox.test',
  sender: 'Fernhill Studio',
  // A person approves each letter, word for word.
  rules: { send: { approval: 'always', risk: 'high' } },
})

/** Customers, invoices and refunds. With `mode: 'live'` it is your account at Stripe. */
export const payments = stripe({
  mode: 'sandbox',
  rules: {
    createCustomer: { approval: 'never' },
    // Whoever approves sees the customer and each line; what was approved is then sent.
    createInvoice: { approval: 'always' },
    sendInvoice: { approval: 'never' },
    refund: { approval: 'always' },
  },
})

/** Calls with whoever wants something built. With `mode: 'live'` it is your calendar. */
export const calendar = googleCalendar({
  mode: 'sandbox',
  rules: { createEvent: { approval: 'never' }, deleteEvent: { approval: 'never' } },
})
