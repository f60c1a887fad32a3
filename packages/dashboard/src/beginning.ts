import type { QueryClient } from '@tanstack/react-query'
import { hasAsked } from './api/brought.ts'

/** So long the first picture of a page may take (ms). */
const patienceMs = 1000

/** So long a page that nobody looks at waits before it goes on (ms): a browser draws none of it. */
const unseenMs = 3000
/** After that what was drawn is on the screen (ms). */
const paintedMs = 150

let setDrawn = () => {}
const drawn = new Promise<void>((resolve) => {
  setDrawn = resolve
})

/** What can wait is done after a page was seen: over a slow line it would come in its way. Answers the way to leave it. */
export function afterDrawn(act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(act, unseenMs)
  void drawn.then(() => {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = setTimeout(act, paintedMs)
  })
  return () => {
    clearTimeout(timer)
    timer = undefined
  }
}

/**
 * The answers to what a page asks first come with it, and are drawn in several steps. Until all of it stands, the page is not
 * seen, and so nothing that is seen moves. A page that has to wait for an answer is seen at once, and says so.
 */
export function showWhenDrawn(client: QueryClient): void {
  const begun = performance.now()
  let still = 0
  const look = () => {
    const isDrawn = document.querySelector('#root main') !== null && client.isFetching() === 0
    still = isDrawn ? still + 1 : 0
    if (still < 2 && !hasAsked() && performance.now() - begun < patienceMs) requestAnimationFrame(look)
    else {
      document.querySelector('.beginning')?.remove()
      setDrawn()
    }
  }
  requestAnimationFrame(look)
}

/** Once what the page has so far was seen: its scripts work after that, and not before. A page that nobody looks at goes on, too. */
export function afterPaint(act: () => void): void {
  let hasBegun = false
  const begin = () => {
    if (!hasBegun) act()
    hasBegun = true
  }
  requestAnimationFrame(() => setTimeout(begin))
  setTimeout(begin, 100)
}
