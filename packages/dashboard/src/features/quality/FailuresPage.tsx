import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { failuresQuery } from '../../api/improving.ts'
import { serverNow } from '../../api/server-time.ts'
import type { FailureClass } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Link } from '../../ui/Link.tsx'
import { Empty, Page } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { count, many } from '../../ui/words.ts'
import { Line } from '../workflows/Line.tsx'
import { spans } from './FiguresPage.tsx'
import css from './Quality.module.css'

type Place = NonNullable<FailureClass['place']>

/** The six places in which a fix can belong, each with what it means. */
const places: Record<Place, string> = {
  prompt: 'What a model was told, or the shape that it had to answer in, was not good enough.',
  retrieval: 'What it needed to know was not there, or was not found.',
  'tool contract': 'A tool takes or gives something else than was declared.',
  'permission model': 'It needed more than it may do, or may do more than it needs.',
  'evaluation suite': 'The work was done, and did not reach what it should; no case had warned of it.',
  'human process': 'A person was asked, and nobody decided, or nobody said why not.',
}

/** What went wrong and what people corrected, by where its fix belongs. */
export function FailuresPage() {
  const navigate = useNavigate()
  const { since = '30d' } = useSearch({ from: '/failures' })
  const { data, error, refetch } = useQuery(failuresQuery(since))
  const classes = data?.classes ?? []
  const absent = (Object.keys(places) as Place[]).filter((place) =>
    classes.every((each) => each.place !== place),
  )
  return (
    <Page
      title={data ? titleOf(classes, data.isMore, spans[since]) : 'Failures'}
      sub="Failures and corrections, sorted by rules on the journal into the six places where a fix can belong."
      tabs={tabs.quality}
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      <Choice
        label="Since"
        value={since}
        options={Object.entries(spans).map(([value, words]) => ({
          value: value as keyof typeof spans,
          words,
        }))}
        onChange={(value) => void navigate({ to: '/failures', search: { since: value }, replace: true })}
      />
      {data && classes.length === 0 && <Empty>No run failed, and nobody corrected anything.</Empty>}
      {classes.map((each) => (
        <Class key={each.place ?? ''} of={each} from={data!.since} />
      ))}
      {data && classes.length > 0 && absent.length > 0 && (
        <p className={ui.soft}>Nothing belongs to: {absent.join(', ')}.</p>
      )}
    </Page>
  )
}

function Class({ of, from }: { of: FailureClass; from: string }) {
  const { place, proposalId: proposal, reasons, workflows, runs, days } = of
  return (
    <section className={css.class}>
      <div>
        <h2>{place === null ? 'Not sorted yet' : `${place[0]!.toUpperCase()}${place.slice(1)}`}</h2>
        <p className={ui.soft}>
          {place === null ? 'No rule speaks of these: a person says where they belong.' : places[place]}
        </p>
      </div>
      <div className={css.trend}>
        <div>{count(of.count)}</div>
        <Line label={`${place ?? 'not sorted'}, how many`} values={everyDay(days, from)} />
      </div>
      <div>
        <ul className={css.reasons} aria-label="Why">
          {reasons.slice(0, 8).map(({ reason, count: times }) => (
            <li key={reason}>
              <Foreign text={reason} /> <span className={ui.soft}>× {count(times)}</span>
            </li>
          ))}
        </ul>
        {proposal !== null && <p className={css.fix}>{proposal}</p>}
        <p className={ui.soft} style={{ marginTop: 10 }}>
          In {workflows.slice(0, 6).join(', ')}
          {workflows.length > 6 && ` and ${workflows.length - 6} more`}
        </p>
        <p className={css.runs}>
          {runs.map((run) => (
            <Link key={run} to="/runs/$run" params={{ run }}>
              {run}
            </Link>
          ))}
        </p>
      </div>
    </section>
  )
}

const dayMs = 86_400_000

/** A day without one counts none. */
function everyDay(days: FailureClass['days'], from: string): number[] {
  const counts = new Map(days.map(({ day, count: times }) => [day, times]))
  const first = Math.floor(Date.parse(from) / dayMs)
  const length = Math.floor(serverNow() / dayMs) - first + 1
  return Array.from(
    { length },
    (_, index) => counts.get(new Date((first + index) * dayMs).toISOString().slice(0, 10)) ?? 0,
  )
}

function titleOf(classes: readonly FailureClass[], isMore: boolean, span: string): string {
  const all = classes.reduce((sum, each) => sum + each.count, 0)
  if (all === 0) return `Nothing went wrong in the last ${span}.`
  const [most] = classes
  const where = most?.place == null ? 'most are not sorted yet' : `most belong to the ${most.place}`
  const counted = `${isMore ? 'More than ' : ''}${many(all, 'thing')} went wrong in the last ${span}`
  return classes.length === 1 && most?.place != null
    ? `${counted}: the fix belongs to the ${most.place}.`
    : `${counted}; ${where}.`
}
