import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ReeveError } from '../../base/errors.ts'
import type { Clock } from '../../base/time/time.ts'

/** A person is waited for no longer (ms). */
const consentMs = 10 * 60_000

/** A door on this machine that the person's browser comes back to after they said yes, for one answer. */
export interface RedirectDoor {
  /** Where the service sends the browser. */
  readonly uri: string
  /**
   * What came back to the request of this `state`. Whatever else knocks is told so, and changes nothing.
   * @throws `not-connected` when nobody said yes within ten minutes
   */
  answerTo(state: string): Promise<URLSearchParams>
  close(): void
}

/** Opens it on a free port of the loopback address, which no other machine reaches. */
export async function openRedirectDoor(clock: Clock): Promise<RedirectDoor> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>()
  promise.catch(() => {})
  let wanted: string | undefined
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const say = (status: number, words: string) => {
      const headers = { 'content-type': 'text/plain; charset=utf-8', 'referrer-policy': 'no-referrer' }
      response.writeHead(status, headers).end(words)
    }
    if (request.method !== 'GET' || url.pathname !== '/callback') return say(404, 'There is nothing here.')
    if (wanted === undefined || url.searchParams.get('state') !== wanted)
      return say(400, 'This answers another request than the one that waits here. Nothing was done.')
    say(200, 'You may close this window and go back to the terminal.')
    resolve(url.searchParams)
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', listening)
  })
  let cancel = () => {}
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    answerTo(state) {
      wanted = state
      const late = () =>
        reject(
          new ReeveError(
            'not-connected',
            'The account was not connected: nobody said yes in the browser within ten minutes. Nothing was changed.',
          ),
        )
      cancel = clock.after(consentMs, late)
      return promise
    },
    close() {
      cancel()
      server.close()
      server.closeAllConnections()
    },
  }
}
