import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { proposalsQuery } from '../../api/improving.ts'
import type { Proposal } from '../../api/types.ts'
import { Select } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, count, many } from '../../ui/words.ts'
import { kindWords, statuses } from './wording.ts'

const kinds: Record<Proposal['kind'], string> = {
  repair: 'repairs',
  lesson: 'lessons',
  amendment: 'changes of what is known',
  contradiction: 'contradictions',
  training: 'trained solvers',
  contract: 'contracts of connectors',
  reconnect: 'lost connections',
}

/** What it would change of itself, and what became of that: repairs, lessons, solvers that were trained anew. */
export function ChangesPage() {
  const now = useNow()
  const navigate = useNavigate()
  const { kind } = useSearch({ from: '/changes' })
  const { data, error, refetch } = useQuery(proposalsQuery({ kind }))
  const items = data?.items ?? []
  return (
    <Page
      title={data ? titleOf(items, data.next !== null, kind) : 'Changes'}
      sub="A machine proposes, with what it rests on; nothing changes before a person, or a rule that a person set, says so."
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      <search className={ui.filters}>
        <Select
          aria-label="Kind"
          value={kind ?? ''}
          data={[
            { value: '', label: 'Any kind' },
            ...Object.entries(kinds).map(([value, label]) => ({ value, label })),
          ]}
          onChange={(event) =>
            void navigate({
              to: '/changes',
              search: { kind: (event.currentTarget.value || undefined) as Proposal['kind'] | undefined },
              replace: true,
            })
          }
        />
      </search>
      {data && items.length === 0 && (
        <Empty>
          A script that fails is repaired in quarantine and tried; what people correct becomes a lesson and
          cases; local solvers are trained anew. What comes of it is proposed here.
        </Empty>
      )}
      <Rows label="Changes">
        {items.map((item) => (
          <Row
            key={item.id}
            to={`/changes/${item.id}`}
            title={<Foreign text={item.title} />}
            under={
              <>
                {kindWords[item.kind]} · proposed {clock(item.madeAt, now)} by <Foreign text={item.madeBy} />
                {item.decided && (
                  <>
                    {' · '}
                    {statuses[item.status].words} by <Foreign text={item.decided.by} />
                  </>
                )}
                {item.problem !== null && (
                  <>
                    <br />
                    <Foreign text={item.problem} />
                  </>
                )}
              </>
            }
            tag={
              item.problem === null ? (
                <Tag tone={statuses[item.status].tone}>{statuses[item.status].words}</Tag>
              ) : (
                <Tag tone="bad">could not be done</Tag>
              )
            }
            end={item.decided && clock(item.decided.at, now)}
          />
        ))}
      </Rows>
    </Page>
  )
}

function titleOf(items: readonly Proposal[], isMore: boolean, kind: Proposal['kind'] | undefined): string {
  const what = kind === 'repair' ? 'repair' : kind === 'lesson' ? 'lesson' : 'change'
  if (items.length === 0) return `No ${what} was proposed yet.`
  const of = (...wanted: Proposal['status'][]) => items.filter(({ status }) => wanted.includes(status)).length
  const open = of('open')
  const first =
    open === 0 ? 'Nothing waits for you' : `${many(open, `${what} waits`, `${what}s wait`)} for you`
  const parts = [
    ...(of('adopted') > 0 ? [`${count(of('adopted'))} adopted`] : []),
    ...(of('rejected') > 0 ? [`${count(of('rejected'))} rejected`] : []),
    ...(of('withdrawn') > 0 ? [`${count(of('withdrawn'))} taken back`] : []),
  ]
  return `${first}${parts.length > 0 ? `; ${isMore ? 'of the newest 200 ' : ''}${parts.join(', ')}` : ''}.`
}
