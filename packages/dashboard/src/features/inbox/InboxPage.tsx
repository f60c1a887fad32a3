import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { waitingQuery } from '../../api/queries.ts'
import type { ApprovalItem, WaitingItem } from '../../api/types.ts'
import { useKeys } from '../../frame/keys.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { many, since } from '../../ui/words.ts'
import { useDecisions } from './decisions.tsx'
import css from './Inbox.module.css'
import { ItemCard } from './ItemCard.tsx'
import { StuckCard } from './StuckCard.tsx'
import { kindWords, questionOf, titleOf } from './wording.ts'

/** Everything that waits for a person, what was asked first first. */
export function InboxPage() {
  const now = useNow()
  const navigate = useNavigate()
  const { item: chosen } = useSearch({ from: '/inbox' })
  const { data, error, isPending, refetch } = useQuery(waitingQuery)
  const { isDecided } = useDecisions()
  const items = (data?.items ?? []).filter((one) => !isDecided(idOf(one)))
  const at = Math.max(
    0,
    items.findIndex((one) => idOf(one) === chosen),
  )
  const item = items[at]
  const go = (index: number) => {
    const next = items[Math.min(Math.max(index, 0), items.length - 1)]
    if (next) void navigate({ to: '/inbox', search: { item: idOf(next) }, replace: true })
  }
  useKeys([
    { press: 'j', words: 'Next in the inbox', act: () => go(at + 1) },
    { press: 'k', words: 'The one before', act: () => go(at - 1) },
  ])
  const shown = item && idOf(item)
  useEffect(() => {
    if (shown) document.getElementById(`item-${shown}`)?.scrollIntoView({ block: 'nearest' })
  }, [shown])
  if (error && !data)
    return (
      <Page title="Inbox">
        <Failure error={error} again={() => void refetch()} />
      </Page>
    )
  if (isPending) return <Page title="Inbox" />
  if (!item)
    return (
      <Page title="Nothing waits for you.">
        <Empty>
          What needs a person comes here: a call that must be approved, a question that no solver could
          answer, an effect of which nobody knows whether it happened. A tool asks when it is declared with{' '}
          <code>approval</code>.
        </Empty>
      </Page>
    )
  return (
    <Page
      title={
        item.approval ? questionOf(item.approval) : `${item.workflow} is stuck: what shall become of it?`
      }
      sub={
        item.approval ? (
          <Asker item={item.approval} now={now} />
        ) : (
          `It stands still since ${since(item.since, now)}.`
        )
      }
    >
      <div className={css.split}>
        <div>
          <ul className={css.list} aria-label={many(items.length, 'thing waits', 'things wait')}>
            {items.map((one, index) => (
              <li key={idOf(one)} id={`item-${idOf(one)}`}>
                <button
                  type="button"
                  className={css.item}
                  aria-current={index === at}
                  onClick={() => go(index)}
                >
                  <div className={css.itemTitle}>
                    {one.approval ? titleOf(one.approval) : `${one.workflow} is stuck`}
                  </div>
                  <div className={css.itemUnder}>
                    {one.kind === 'stuck' ? 'look' : kindWords[one.kind]} · {one.workflow} ·{' '}
                    {since(one.since, now)}
                  </div>
                </button>
              </li>
            ))}
          </ul>
          <p className={css.hint}>j k move · a approve · e edit · r reject · ? all keys</p>
        </div>
        {item.approval ? (
          <ItemCard key={idOf(item)} item={item.approval} alike={alikeOf(items, item)} />
        ) : (
          <StuckCard key={idOf(item)} item={item} />
        )}
      </div>
    </Page>
  )
}

function Asker({ item, now }: { item: ApprovalItem; now: number }) {
  const asker = item.agent === null ? item.workflow : `${item.agent}, in ${item.workflow},`
  const until = item.expiresAt === null ? '' : ` It stops waiting in ${since(item.expiresAt, now)}.`
  return (
    <>
      {asker} asks since {since(item.requestedAt, now)}.{until}
    </>
  )
}

function idOf({ approval, run }: WaitingItem): string {
  return approval?.id ?? run
}

function alikeOf(items: readonly WaitingItem[], { alike }: WaitingItem): ApprovalItem[] {
  return items.flatMap((one) => (one.alike === alike && one.approval ? [one.approval] : []))
}
