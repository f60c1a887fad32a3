#!/usr/bin/env node
// reeve:
//   description: Pays back what was paid twice
//   inputs:
//     payment: string (required)
//     amount: integer (required, at least 1)
//   output:
//     payment: string (required)
//     amount: integer (required)
//   effect: idempotent
//   risk: high
//   approval: always
//   network: true
//   env: [PAYMENTS_URL]
import { readFileSync } from 'node:fs'

const { payment, amount } = JSON.parse(readFileSync(0, 'utf8'))
const body = { payment, amount }
console.log(
  JSON.stringify(await ask(`${process.env.PAYMENTS_URL}/v1/refunds`, { key: `refund:${payment}`, body })),
)

/** JSON from a service. Ends with 75 (try again later) where it is down, and with 1 where it says no. */
async function ask(url, { body, key, method = body ? 'POST' : 'GET' } = {}) {
  const headers = { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) }
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) }).catch(
    () => undefined,
  )
  const text = (await response?.text()) ?? 'no answer'
  if (response?.ok) return JSON.parse(text)
  console.error(`${url} answered ${response?.status ?? 'nothing'}: ${text}`)
  process.exit(!response || response.status >= 500 || response.status === 429 ? 75 : 1)
}
