#!/usr/bin/env node
// reeve:
//   description: Makes an invoice for each order that was delivered, and mails it
//   output:
//     sent: integer (required)
//     cents: integer (required)
//     left: integer (required)
//   effect: idempotent
//   approval: never
//   network: true
//   dryRun: true
//   env: [PAYMENTS_URL, MAIL_URL]
const { PAYMENTS_URL, MAIL_URL } = process.env
const isDry = process.argv.includes('--dry-run')
const { orders } = await ask(`${PAYMENTS_URL}/v1/orders`)
let sum = 0
for (const order of orders) {
  const cents = order.amount
  if (!Number.isInteger(cents)) throw new TypeError(`order ${order.id} has no amount in whole cents`)
  sum += cents
  if (isDry) continue
  const { id, due } = await ask(`${PAYMENTS_URL}/v1/invoices`, {
    key: `invoice:${order.id}`,
    body: { order: order.id, amount: cents },
  })
  await ask(`${MAIL_URL}/v1/messages`, {
    key: `invoice:${id}`,
    body: {
      to: order.customer.email,
      kind: 'invoice',
      ref: id,
      subject: `Invoice ${id}`,
      body: `${order.description}: $${(cents / 100).toFixed(2)}, due on ${due}`,
    },
  })
}
console.log(JSON.stringify({ sent: orders.length, cents: sum, left: 0 }))

/** JSON from a service. Ends with 75 (try again later) where it is down, and breaks off where it says no. */
async function ask(url, { body, key, method = body ? 'POST' : 'GET' } = {}) {
  const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) }
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) }).catch(
    () => undefined,
  )
  const text = (await response?.text()) ?? 'no answer'
  if (response?.ok) return JSON.parse(text)
  const problem = `${url} answered ${response?.status ?? 'nothing'}: ${text}`
  if (response && response.status < 500 && response.status !== 429) throw new Error(problem)
  console.error(problem)
  process.exit(75)
}
