#!/usr/bin/env node
// reeve:
//   description: Offers ten percent to whoever asked for a discount
//   inputs:
//     letter: string (required)
//   effect: idempotent
//   risk: high
//   approval: always
//   network: true
//   env: [MAIL_URL]
import { readFileSync } from 'node:fs'

const { MAIL_URL } = process.env
const { letter } = JSON.parse(readFileSync(0, 'utf8'))
const { from, name, subject } = await ask(`${MAIL_URL}/v1/inbox/${letter}`)
const body = `Dear ${name},\n\nWe can give you ten percent for the first three months.\n\nFernhill Studio`
await ask(`${MAIL_URL}/v1/messages`, {
  key: `reply:${letter}`,
  body: { to: from, kind: 'reply', ref: letter, as: 'discount', subject: `Re: ${subject}`, body },
})
console.log(JSON.stringify({ letter }))

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
