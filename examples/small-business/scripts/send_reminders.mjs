#!/usr/bin/env node
// reeve:
//   description: Reminds whoever is late, once a week and three times at most
//   output:
//     reminded: integer (required)
//   effect: idempotent
//   approval: never
//   network: true
//   dryRun: true
//   env: [PAYMENTS_URL, MAIL_URL]
const { PAYMENTS_URL, MAIL_URL } = process.env
const isDry = process.argv.includes('--dry-run')
const weekMs = 7 * 86_400_000
const readDay = (text) => Date.parse(text)

const { today, invoices } = await ask(`${PAYMENTS_URL}/v1/invoices?state=open`)
let reminded = 0
for (const { id, email, due, amount, reminders } of invoices) {
  const dueAt = readDay(due)
  if (Number.isNaN(dueAt)) throw new RangeError(`invoice ${id} is due on "${due}", which is no date`)
  const level = reminders + 1
  if (level > 3 || dueAt + reminders * weekMs >= Date.parse(today)) continue
  reminded++
  if (isDry) continue
  await ask(`${MAIL_URL}/v1/messages`, {
    key: `reminder:${id}:${level}`,
    body: {
      to: email,
      kind: 'reminder',
      ref: `${id}/${level}`,
      subject: `Reminder ${level}: invoice ${id}`,
      body: `$${(amount / 100).toFixed(2)} was due on ${due}.`,
    },
  })
  await ask(`${PAYMENTS_URL}/v1/invoices/${id}/reminders`, { body: { level } })
}
console.log(JSON.stringify({ reminded }))

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
