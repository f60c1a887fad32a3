import { useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Link } from './Link.tsx'
import css from './Tabs.module.css'

/** The pages that lie side by side; which one is open is the page's address. */
export function Tabs({ tabs, label }: { tabs: readonly { to: string; words: string }[]; label: string }) {
  const { pathname } = useLocation()
  const all = useRef<HTMLElement>(null)
  useEffect(() => {
    // Where they do not all have a place, the one that is open has.
    const open = all.current?.querySelector<HTMLElement>('[aria-current="page"]')
    if (all.current && open)
      all.current.scrollLeft = open.offsetLeft + open.offsetWidth - all.current.clientWidth
  }, [])
  return (
    <nav ref={all} className={css.tabs} aria-label={label}>
      {tabs.map(({ to, words }) => (
        <Link key={to} to={to} aria-current={to === pathname ? 'page' : undefined}>
          {words}
        </Link>
      ))}
    </nav>
  )
}
