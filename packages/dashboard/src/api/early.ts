import { hearTime } from './server-time.ts'

/**
 * Answers that were asked for before the page was there to want them: its scripts take as long to come as they do. Each is
 * given once, and only while the page begins; later it would be old.
 */
const asked = new Map<string, Promise<Response>>()

const keptMs = 10_000

/** Begins to ask. What is not wanted in time, or not answered, is as if it never was. */
export function askEarly(urls: readonly string[]): void {
  for (const url of urls) {
    const answer = fetch(url).then(hearTime)
    answer.catch(() => {})
    asked.set(url, answer)
  }
  setTimeout(() => asked.clear(), keptMs)
}

/** The answer to a question that was asked early; undefined: it was not, or somebody has it already. */
export function answeredEarly(url: string): Promise<Response> | undefined {
  const answer = asked.get(url)
  asked.delete(url)
  return answer
}
