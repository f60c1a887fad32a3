import { email } from 'reeve/connectors/email'
import { slack } from 'reeve/connectors/slack'

/** Customers write here. With `mode: 'live'`, `address`, `imap` and `smtp` it is your mailbox. */
export const mail = email({
  mode: 'sandbox',
  address: 'desk@sandbox.test',
  sender: 'Hivebeam support',
  // A person approves each reply, word for word.
  rules: { send: { approval: 'always', risk: 'high' } },
})

/** Where the team hears of what is critical. With `approvals` it decides on replies there, too: docs/approvals.md. */
export const chat = slack({
  mode: 'sandbox',
  rules: { post: { approval: 'never', risk: 'low' } },
})
