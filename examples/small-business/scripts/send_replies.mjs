#!/usr/bin/env node
// reeve:
//   description: Sends replies to letters; what nobody wants goes to junk, and who asks for a discount waits
//   inputs:
//     replies: list[object] (required)
//   output:
//     sent: integer (required)
//   effect: idempotent
//   approval: never
//   network: true
//   env: [MAIL_URL]
import { readFileSync } from 'node:fs'

const { MAIL_URL } = process.env
const { replies } = JSON.parse(readFileSync(0, 'utf8'))
let sent = 0
for (const { id, as, to, subject, body } of replies) {
  if (as === 'spam') await ask(`${MAIL_URL}/v1/junk`, { body: { id } })
  else if (as === 'discount') await ask(`${MAIL_URL}/v1/held`, { body: { id } })
  else {
    await ask(`${MAIL_URL}/v1/messages`, {
      key: `reply:${id}`,
      body: { to, kind: 'reply', ref: id, as, subject, body },
    })
    sent++
  }
}
console.log(JSON.stringify({ sent }))

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
