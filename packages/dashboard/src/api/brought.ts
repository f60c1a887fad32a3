import { timeHeader } from './server-time.ts'

/** Later it is older than a page that is looked at ever is. */
const keptMs = 30_000

let asked = false

/** Whether something had to be asked for that did not come with the page. */
export function hasAsked(): boolean {
  return asked
}

/**
 * The answer to a question that came with the page: the server knows what each page asks first (`asks.ts`). Each is given
 * once, and only while the page begins; undefined: it has to be asked for.
 */
export function broughtAnswer(url: string): Response | undefined {
  const answers = performance.now() < keptMs && document.querySelectorAll<HTMLScriptElement>('[data-answers]')
  const found = [...(answers || [])].find(({ dataset }) => dataset.answers === url)
  if (!found) {
    // The stream of events is no answer: nobody waits for it.
    asked ||= !url.startsWith('/api/events')
    return undefined
  }
  found.remove()
  const { time = '' } = found.dataset
  return new Response(found.textContent, {
    headers: { 'content-type': 'application/json', [timeHeader]: time },
  })
}
