import { Link } from '@tanstack/react-router'
import css from './Tabs.module.css'

/** The pages that lie side by side; which one is open is the page's address. */
export function Tabs({ tabs, label }: { tabs: readonly { to: string; words: string }[]; label: string }) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map(({ to, words }) => (
        <Link key={to} to={to} activeOptions={{ exact: true }}>
          {words}
        </Link>
      ))}
    </nav>
  )
}
