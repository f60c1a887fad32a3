import type { QueryClient } from '@tanstack/react-query'
import { hasAsked } from './api/brought.ts'

/** So long the first picture of a page may take (ms). */
const patienceMs = 1000

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
    else document.querySelector('.beginning')?.remove()
  }
  requestAnimationFrame(look)
}
