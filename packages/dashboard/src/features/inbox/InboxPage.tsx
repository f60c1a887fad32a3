import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { waitingQuery } from '../../api/queries.ts'
import type { ApprovalItem, WaitingItem } from '../../api/types.ts'
import { useKeys } from '../../frame/keys.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { count, since } from '../../ui/words.ts'
import { Asker } from './Asker.tsx'
import { useDecisions } from './decisions.tsx'
import css from './Inbox.module.css'
import { ItemCard } from './ItemCard.tsx'
import { ItemList } from './ItemList.tsx'
import { ProposalCard } from './ProposalCard.tsx'
import { snooze, useSnoozed } from './snooze.ts'
import { UnlistedPage } from './UnlistedPage.tsx'
import { stuckCardQuery, useWhole } from './whole.ts'
import { askedBy, idOf } from './wording.ts'

/**
 * Everything that waits for a person, what was asked first first. What is open stays open: when it is decided elsewhere, or its
 * run moves on, that is said, and no other thing takes its place under the keys.
 */
export function InboxPage() {
  const now = useNow()
  const navigate = useNavigate()
  const { item: chosen } = useSearch({ from: '/inbox' })
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery(waitingQuery)
  const { isDecided } = useDecisions()
  const snoozed = useSnoozed()
  const all = (data?.items ?? []).filter((one) => !isDecided(idOf(one)))
  const items = all.filter((one) => idOf(one) === chosen || !isSnoozed(one, snoozed, now))
  const hidden = all.filter((one) => isSnoozed(one, snoozed, now) && idOf(one) !== chosen)
  const found = items.findIndex((one) => idOf(one) === chosen)
  // Where the open thing stood: whatever comes next stands there when it is decided or put away.
  const place = useRef(0)
  if (found >= 0) place.current = found
  const own = useRef(new Set<string>())
  if (chosen !== undefined && isDecided(chosen)) own.current.add(chosen)
  const isStale =
    chosen !== undefined && found < 0 && data !== undefined && !isPlaceholderData && !own.current.has(chosen)
  const at = found >= 0 ? found : Math.min(place.current, items.length - 1)
  const item = isStale ? undefined : items[at]
  const shown = item && idOf(item)
  const isWhole = useWhole(data && (item ?? null))
  const go = (index: number) => {
    const next = items[Math.min(Math.max(index, 0), items.length - 1)]
    void navigate({ to: '/inbox', search: next ? { item: idOf(next) } : {}, replace: true })
  }
  const leave = () => {
    const next = items[at + 1] ?? items[at - 1]
    void navigate({ to: '/inbox', search: next ? { item: idOf(next) } : {}, replace: true })
  }
  const putAway = (until: number) => {
    if (shown !== undefined) snooze(shown, until)
    leave()
  }
  const putAwayUnlisted = (until: number) => {
    if (chosen !== undefined) snooze(chosen, until)
    go(place.current)
  }
  useKeys([
    { press: 'j', words: 'Next in the inbox', act: () => go(isStale ? place.current : at + 1) },
    { press: 'k', words: 'Previous in the inbox', act: () => go(at - 1) },
  ])
  useEffect(() => {
    if (!shown || !isWhole) return
    scrollInList(document.getElementById(`item-${shown}`))
    // What is looked at is the page's address from the beginning on.
    if (shown !== chosen) void navigate({ to: '/inbox', search: { item: shown }, replace: true })
  }, [shown, isWhole, chosen, navigate])
  if (error && !data)
    return (
      <Page title="Inbox">
        <Failure error={error} again={() => void refetch()} />
      </Page>
    )
  if (isPending || (item && !isWhole)) return <Page title="Inbox" />
  if (isStale) return <UnlistedPage id={chosen} onNext={() => go(place.current)} onLater={putAwayUnlisted} />
  if (!item)
    return (
      <Page title="Nothing waits for you.">
        <Empty>
          What needs a person comes here: a call that must be approved, a question that no solver could
          answer, an effect of which nobody knows whether it happened, a repair or a lesson that is proposed.
          A tool asks when it is declared with <code>approval</code>.
        </Empty>
        {hidden.length > 0 && <ItemList items={[]} hidden={hidden} shown={undefined} now={now} />}
      </Page>
    )
  return (
    <Page
      title={askedBy(item)}
      sub={
        item.approval ? (
          <Asker item={item.approval} now={now} />
        ) : item.proposal ? (
          `Proposed by ${item.workflow} ${since(item.since, now)} ago. Nothing changes before you decide.`
        ) : (
          `It has been stuck for ${since(item.since, now)}.`
        )
      }
    >
      {items.length > 1 && (
        <nav className={css.stepper} aria-label="Through the inbox">
          <button type="button" disabled={at === 0} onClick={() => go(at - 1)}>
            Previous
          </button>
          <span>
            {count(at + 1)} of {count(items.length)}
            {data.isMore && '+'}
          </span>
          <button type="button" disabled={at === items.length - 1} onClick={() => go(at + 1)}>
            Next
          </button>
        </nav>
      )}
      <div className={css.split}>
        <ItemList items={items} hidden={hidden} shown={item} now={now} />
        {item.approval ? (
          <ItemCard
            key={`${idOf(item)}${item.approval.hash}`}
            item={item.approval}
            alike={alikeOf(items, item)}
            onLater={putAway}
          />
        ) : item.proposal ? (
          <ProposalCard
            key={`${idOf(item)}${item.proposal.hash}`}
            proposal={item.proposal}
            onDone={leave}
            onLater={putAway}
          />
        ) : (
          <Stuck key={idOf(item)} item={item} />
        )}
      </div>
    </Page>
  )
}

function Stuck({ item }: { item: WaitingItem }) {
  const { data: Card } = useQuery(stuckCardQuery)
  return Card ? <Card item={item} /> : null
}

/** So high is what fades out at the end of the list. */
const fadePx = 32

/** Shows a line of the list that is open. Where the page itself scrolls, as on a telephone, it stays where it is. */
function scrollInList(line: HTMLElement | null): void {
  const list = line?.closest(`.${css.side}`)
  if (!line || !list || list.scrollHeight <= list.clientHeight) return
  const [its, whole] = [line.getBoundingClientRect(), list.getBoundingClientRect()]
  if (its.top < whole.top) list.scrollTop -= whole.top - its.top
  else if (its.bottom > whole.bottom - fadePx) list.scrollTop += its.bottom - whole.bottom + fadePx
}

function isSnoozed(item: WaitingItem, snoozed: Readonly<Record<string, number>>, now: number): boolean {
  return (snoozed[idOf(item)] ?? 0) > now
}

function alikeOf(items: readonly WaitingItem[], { alike }: WaitingItem): ApprovalItem[] {
  return items.flatMap((one) => (one.alike === alike && one.approval ? [one.approval] : []))
}
