import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { WaitingItem } from '../../api/types.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import { many, since } from '../../ui/words.ts'
import css from './Inbox.module.css'
import { wake } from './snooze.ts'
import { idOf, lineOf, toDo } from './wording.ts'

/** So many alike ones stand by themselves; the others of their kind are one line. */
const mostAlike = 3

/** What waits, one line each; many that are alike are folded, and what was put away for later stands below. */
export function ItemList({
  items,
  hidden,
  shown,
  now,
}: {
  items: WaitingItem[]
  hidden: WaitingItem[]
  shown: WaitingItem | undefined
  now: number
}) {
  const navigate = useNavigate()
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const seen = new Map<string, number>()
  const open = (item: WaitingItem) =>
    void navigate({ to: '/inbox', search: { item: idOf(item) }, replace: true })
  return (
    <div className={css.side}>
      <ul className={css.list} aria-label={many(items.length, 'thing waits', 'things wait')}>
        {items.map((item) => {
          const place = (seen.get(item.alike) ?? 0) + 1
          seen.set(item.alike, place)
          const isShown = shown !== undefined && idOf(shown) === idOf(item)
          const all = items.filter(({ alike }) => alike === item.alike).length
          if (place <= mostAlike || all <= mostAlike + 2 || opened.has(item.alike) || isShown)
            return <Line key={idOf(item)} item={item} isShown={isShown} now={now} onOpen={() => open(item)} />
          if (place > mostAlike + 1) return null
          return (
            <li key={`more ${item.alike}`}>
              <button
                type="button"
                className={css.item}
                onClick={() => setOpened((now) => new Set(now).add(item.alike))}
              >
                <span className={css.itemUnder}>and {all - mostAlike} more like these: show them</span>
              </button>
            </li>
          )
        })}
      </ul>
      {hidden.length > 0 && (
        <details className={css.hidden}>
          <summary>{hidden.length} put away for later</summary>
          <ul className={css.list}>
            {hidden.map((item) => (
              <Line
                key={idOf(item)}
                item={item}
                isShown={false}
                now={now}
                onOpen={() => {
                  wake(idOf(item))
                  open(item)
                }}
              />
            ))}
          </ul>
        </details>
      )}
      <p className={css.hint}>j k move · a approve · e edit · r reject · d delegate · s later · ? all keys</p>
    </div>
  )
}

function Line({
  item,
  isShown,
  now,
  onOpen,
}: {
  item: WaitingItem
  isShown: boolean
  now: number
  onOpen: () => void
}) {
  return (
    <li id={`item-${idOf(item)}`}>
      <button type="button" className={css.item} aria-current={isShown} onClick={onOpen}>
        <div className={css.itemTitle}>
          <Foreign text={lineOf(item)} />
        </div>
        <div className={css.itemUnder}>
          {toDo(item)} · {item.workflow} · {since(item.since, now)}
        </div>
      </button>
    </li>
  )
}
