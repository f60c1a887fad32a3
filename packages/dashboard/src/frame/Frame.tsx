import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { Fragment, memo, useState } from 'react'
import { useLiveness } from '../api/live.ts'
import { sessionQuery, waitingCountQuery } from '../api/queries.ts'
import { Palette } from '../features/palette/Palette.tsx'
import { Dialog } from '../ui/controls/Dialog.tsx'
import { Link } from '../ui/Link.tsx'
import { count } from '../ui/words.ts'
import css from './Frame.module.css'
import { useAllKeys, useKeys } from './keys.tsx'
import { PauseEverything } from './PauseEverything.tsx'
import { groups, isIn, places } from './pages.ts'

/** What is around every page: where one can go, what waits, the switch that stops everything, and who is signed in. */
export function Frame() {
  const { pathname } = useLocation()
  const navigate = useNavigate()
  const liveness = useLiveness()
  const { data: session } = useQuery(sessionQuery)
  const { data: waiting } = useQuery(waitingCountQuery)
  const [shown, setShown] = useState<'keys' | 'palette' | undefined>()
  useKeys([
    ...places.map(({ to, words, key }) => ({
      press: `g ${key}`,
      words: `Go to ${words}`,
      act: () => void navigate({ to }),
    })),
    { press: '?', words: 'Show all keys', act: () => setShown('keys') },
    { press: '/', words: 'Find a page, a run or an action', act: () => setShown('palette') },
  ])
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#main">
        Go to the page
      </a>
      <nav className={css.nav} aria-label="Pages">
        <div className={css.name}>Reeve</div>
        <Places pathname={pathname} waits={waiting?.total ?? 0} isMore={waiting?.isMore ?? false} />
        <div className={css.foot}>
          <PauseEverything />
          <p>
            {session && (
              <>
                {session.principal} · {session.role}
              </>
            )}
          </p>
          <p className={css.wide}>? shows all keys</p>
        </div>
      </nav>
      <div>
        {session?.isSandbox && (
          <div className={css.sandbox}>Sandbox: no call of this project reaches a real account.</div>
        )}
        {liveness === 'waiting' && (
          <div className={css.banner} role="status">
            The server does not answer. What you see is what it said last; this page goes on by itself.
          </div>
        )}
        <Outlet />
      </div>
      <Dialog opened={shown === 'keys'} onClose={() => setShown(undefined)} title="Keys">
        <KeyList />
      </Dialog>
      <Palette isOpen={shown === 'palette'} onClose={() => setShown(undefined)} />
    </div>
  )
}

/** By itself, so that it is not drawn anew with what happens beside it: so many links take a telephone their time. */
const Places = memo(function Places({
  pathname,
  waits,
  isMore,
}: {
  pathname: string
  waits: number
  isMore: boolean
}) {
  return (
    <>
      {groups.map(({ words: group, places }) => (
        <Fragment key={places[0]?.to}>
          {group && <div className={`${css.group} ${css.wide}`}>{group}</div>}
          {places.map((place) => (
            <Link
              key={place.to}
              to={place.to}
              className={`${css.link} ${place.isWide ? css.wide : ''}`}
              aria-current={isIn(place, pathname) ? 'page' : undefined}
            >
              <span>{place.words}</span>
              {place.to === '/inbox' && waits > 0 && (
                <span className={css.badge}>
                  {count(waits)}
                  {isMore && '+'}
                  <span className="heard"> wait for you</span>
                </span>
              )}
            </Link>
          ))}
        </Fragment>
      ))}
      <Link
        to="/more"
        className={`${css.link} ${css.narrow}`}
        aria-current={places.some((place) => place.isWide && isIn(place, pathname)) ? 'page' : undefined}
      >
        More
      </Link>
    </>
  )
})

function KeyList() {
  return (
    <dl className={css.keys}>
      {useAllKeys().map(({ press, words }) => (
        <KeyLine key={press} press={press} words={words} />
      ))}
    </dl>
  )
}

function KeyLine({ press, words }: { press: string; words: string }) {
  return (
    <>
      <dt>
        {press.split(' ').map((part) => (
          <kbd key={part}>{part}</kbd>
        ))}
      </dt>
      <dd style={{ margin: 0 }}>{words}</dd>
    </>
  )
}
