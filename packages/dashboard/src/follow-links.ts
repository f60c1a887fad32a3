import { pageAt } from './pages.ts'

/** Opens the pages that links lead to without loading everything anew; the script of a page comes when somebody is about to. */
export function followLinks(open: (href: string) => void): void {
  document.addEventListener('click', (event) => {
    const { button, metaKey, ctrlKey, shiftKey, altKey } = event
    if (event.defaultPrevented || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return
    const link = pageLinkAt(event)
    if (!link || link.target !== '' || link.hasAttribute('download')) return
    event.preventDefault()
    open(link.getAttribute('href')!)
  })
  // Whether it can be loaded is said when it is opened.
  const load = (event: Event) => void pageOf(pageLinkAt(event))?.().catch(() => {})
  for (const sign of ['pointerover', 'focusin', 'touchstart'])
    document.addEventListener(sign, load, { passive: true })
}

/** The link to a page that an event is in. */
function pageLinkAt({ target }: Event): HTMLAnchorElement | null {
  const link = target instanceof Element ? target.closest<HTMLAnchorElement>('a[href^="/"]') : null
  return pageOf(link) ? link : null
}

function pageOf(link: HTMLAnchorElement | null) {
  return link ? pageAt(link.pathname) : undefined
}
