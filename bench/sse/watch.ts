import { request } from 'node:http'

/** The lags of all that was heard, as counts by milliseconds: a list of them would be as large as what is measured. */
export class Lags {
  readonly #counts = new Uint32Array(60_001)
  total = 0

  add(ms: number): void {
    const at = Math.min(Math.max(Math.round(ms), 0), this.#counts.length - 1)
    this.#counts[at] = this.#counts[at]! + 1
    this.total++
  }

  /** The lag (ms) that `share` of all stayed within. */
  at(share: number): number {
    let left = Math.ceil(this.total * share)
    for (let ms = 0; ms < this.#counts.length; ms++) {
      left -= this.#counts[ms]!
      if (left <= 0) return ms
    }
    return this.#counts.length - 1
  }
}

export interface Watching {
  lags: Lags
  /** How many events each of them has heard. */
  heard: number[]
  stop(): void
}

const at = /"at":"([^"]+)"/g

/** So many who follow all events, each over a connection of its own. Resolves when all are connected. */
export async function watchAll(url: string, token: string, watchers: number): Promise<Watching> {
  const lags = new Lags()
  const heard = new Array<number>(watchers).fill(0)
  // Thousands of events share a millisecond.
  let last = ''
  let lastMs = 0
  const asked = heard.map((_, index) => {
    const ready = Promise.withResolvers<void>()
    const ask = request(`${url}/api/events`, {
      agent: false,
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    })
    ask.on('error', ready.reject)
    ask.on('response', (response) => {
      response.setEncoding('utf8')
      let rest = ''
      response.on('data', (part: string) => {
        ready.resolve()
        const now = Date.now()
        const text = rest + part
        const whole = text.lastIndexOf('\n\n') + 2
        rest = whole < 2 ? text : text.slice(whole)
        if (whole < 2) return
        for (const [, time] of text.slice(0, whole).matchAll(at)) {
          if (time !== last) {
            last = time!
            lastMs = Date.parse(last)
          }
          lags.add(now - lastMs)
          heard[index]!++
        }
      })
      response.on('error', () => undefined)
    })
    ask.end()
    return { ask, ready: ready.promise }
  })
  await Promise.all(asked.map(({ ready }) => ready))
  return {
    lags,
    heard,
    stop() {
      for (const { ask } of asked) ask.destroy()
    },
  }
}
