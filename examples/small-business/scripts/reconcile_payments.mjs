#!/usr/bin/env node
// reeve:
//   description: Finds the invoice that each new payment is for; what is unclear is left to a person
//   output:
//     matched: integer (required)
//     unclear: integer (required)
//   effect: idempotent
//   approval: never
//   network: true
//   dryRun: true
//   env: [PAYMENTS_URL]
const { PAYMENTS_URL } = process.env
const isDry = process.argv.includes('--dry-run')
const payments = []
for (let next = 1; next !== null; ) {
  const page = await ask(`${PAYMENTS_URL}/v1/payments${next === 1 ? '' : `?page=${next}`}`)
  payments.push(...page.payments)
  next = page.next
}
const { invoices } = await ask(`${PAYMENTS_URL}/v1/invoices?state=open`)
let matched = 0
for (const { id, reference, name, amount } of payments) {
  const [, named] = /Invoice (\S+)/.exec(reference) ?? []
  const alike = invoices.filter((each) => each.amount === amount && each.name === name)
  const invoice = named ?? (alike.length === 1 ? alike[0].id : undefined)
  if (invoice !== undefined) matched++
  if (isDry) continue
  if (invoice === undefined) await ask(`${PAYMENTS_URL}/v1/payments/${id}/unclear`, { body: {} })
  else await ask(`${PAYMENTS_URL}/v1/payments/${id}/match`, { body: { invoice } })
}
console.log(JSON.stringify({ matched, unclear: payments.length - matched }))

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
