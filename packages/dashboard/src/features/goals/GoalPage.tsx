import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { goalQuery } from '../../api/improving.ts'
import { ledgerQuery, sessionQuery } from '../../api/queries.ts'
import type { Goal } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, money } from '../../ui/words.ts'
import { DecisionRows } from '../ledger/DecisionRows.tsx'
import { GoalForm } from './GoalForm.tsx'
import { measureWords, targetWords, valueWords } from './standing.ts'

/** One goal: how far it has come, what was decided for it, and what people changed of it. */
export function GoalPage() {
  const { goal: name } = useParams({ from: '/goals/$goal' })
  const now = useNow()
  const [isChanging, setChanging] = useState(false)
  const { data: session } = useQuery(sessionQuery)
  const { data: goal, error } = useQuery(goalQuery(name))
  const { data: decisions } = useInfiniteQuery(ledgerQuery({ goal: name }, 20))
  const path = [{ to: '/goals', words: 'Goals' }]
  if (!goal)
    return (
      <Page title={error ? 'This goal is not in the project.' : '…'} path={path}>
        {error && <Failure error={error} />}
      </Page>
    )
  const may = session?.role === 'operator' || session?.role === 'owner'
  const items = decisions?.pages.flatMap((page) => page.items) ?? []
  const isMore = decisions?.pages.at(-1)?.next != null
  return (
    <Page
      title={titleOf(goal)}
      sub={
        <>
          <Foreign text={goal.aim} />. <Foreign text={goal.owner} /> answers for it.
        </>
      }
      path={path}
    >
      {may && (
        <Button variant="default" onClick={() => setChanging(true)}>
          Change…
        </Button>
      )}
      <Figures>
        <Figure
          title="Current value"
          value={goal.value === null ? '—' : valueWords(goal, goal.value)}
          of={targetWords(goal)}
          part={goal.progress ?? undefined}
          tone={goal.status === 'missed' ? 'warn' : undefined}
        >
          {goal.problem === null ? (
            `Measured by ${measureWords(goal)}.`
          ) : (
            <>
              It is not known: <Foreign text={goal.problem} />
            </>
          )}
        </Figure>
        <Figure title="Review date" value={goal.review} tone={goal.isReviewDue ? 'warn' : undefined}>
          {goal.isReviewDue
            ? 'The day has come: is it still the right goal? Change the day when you have looked.'
            : 'On this day a person asks whether it is still the right goal.'}
        </Figure>
        <Figure title="Daily cost limit" value={goal.dayUsd === null ? 'no limit' : money(goal.dayUsd)}>
          {goal.dayUsd === null
            ? 'What decisions for it cost counts against the day of the whole project.'
            : 'When it is reached, decisions for it wait for the next day.'}
        </Figure>
      </Figures>
      <Section title="Decisions">
        {items.length === 0 && decisions && <Empty>Nothing yet.</Empty>}
        <DecisionRows items={items} now={now} />
        {isMore && (
          <p className={ui.soft}>
            <Link to="/ledger" search={{ goal: name }}>
              All decisions for it
            </Link>
          </p>
        )}
      </Section>
      {goal.changes.length > 0 && (
        <Section title="Changes by people">
          <Rows label="Changes by people">
            {goal.changes.map(({ by, at, why, change }) => (
              <Row
                key={at}
                title={<Foreign text={Object.entries(change).map(changeWords).join(', ')} />}
                under={why !== null && <Foreign text={why} />}
                end={
                  <>
                    <Foreign text={by} /> · {clock(at, now)}
                  </>
                }
              />
            ))}
          </Rows>
        </Section>
      )}
      <Dialog
        opened={isChanging}
        onClose={() => setChanging(false)}
        title={`Change the goal ${name}`}
        size="lg"
      >
        {isChanging && <GoalForm goal={goal} onDone={() => setChanging(false)} />}
      </Dialog>
    </Page>
  )
}

function titleOf({ name, status, isReviewDue }: Goal): string {
  const stands =
    status === 'met' ? 'is met' : status === 'missed' ? 'is missed' : 'cannot be told: its value is not known'
  return `${name} ${stands}${isReviewDue ? ', and is to be looked at again' : ''}.`
}

function changeWords([field, value]: [string, unknown]): string {
  if (field !== 'target') return `${field} ${String(value)}`
  const target = value as Goal['target']
  return 'atLeast' in target ? `target at least ${target.atLeast}` : `target at most ${target.atMost}`
}
