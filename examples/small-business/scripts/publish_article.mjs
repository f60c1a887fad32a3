#!/usr/bin/env node
// reeve:
//   description: Publishes an article on the site
//   inputs:
//     topic: string (required)
//     title: string (required)
//     body: string (required)
//   output:
//     slug: string (required)
//     words: integer (required)
//   effect: idempotent
//   approval: never
//   network: true
//   dryRun: true
//   env: [SITE_URL]
import { readFileSync } from 'node:fs'

const { SITE_URL } = process.env
const isDry = process.argv.includes('--dry-run')
const { topic, title, body } = JSON.parse(readFileSync(0, 'utf8'))
const { today } = await ask(`${SITE_URL}/api/status`)
const slug = `${topic.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${today}`
// The site checks an article without taking it.
const published = await ask(`${SITE_URL}/api/articles/${slug}${isDry ? '?check=only' : ''}`, {
  method: 'PUT',
  key: isDry ? undefined : `article:${slug}`,
  body: { title, topic, body },
})
console.log(JSON.stringify({ slug, words: published.words }))

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
