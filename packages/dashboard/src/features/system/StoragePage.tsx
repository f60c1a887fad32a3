import { useQuery } from '@tanstack/react-query'
import { sessionQuery, storageQuery } from '../../api/queries.ts'
import type { Storage } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Field, Fields } from '../../ui/fields/Field.tsx'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { count } from '../../ui/words.ts'

type Kept = keyof Storage['retention']

const kept: Record<Kept, string> = {
  succeeded: 'runs that succeeded',
  failed: 'runs that failed',
  cancelled: 'runs that were cancelled',
  chapters: 'earlier chapters of long runs',
  ledger: 'single calls of models of deleted runs; their sums stay',
  occurrences: 'what became of the times of schedules',
  deliveries: 'what came to triggers',
  personal: 'texts that schemas mark as personal',
  secret: 'texts that schemas mark as secret',
}

/** Where the project says nothing. */
const unsaid: Partial<Record<Kept, string>> = { personal: 'as long as the run', secret: 'as long as the run' }

const mostCounted = 100_000

/** Where everything is kept, how much of it there is, and for how long. */
export function StoragePage() {
  const { data: session } = useQuery(sessionQuery)
  const may = session?.role === 'operator' || session?.role === 'owner'
  const { data, error, refetch } = useQuery({ ...storageQuery, enabled: may })
  return (
    <Page
      title={
        !may
          ? 'Only operators see where everything is kept.'
          : data
            ? `Everything is kept in ${data.kind === 'sqlite' ? 'one SQLite file' : 'a Postgres database'}${data.bytes === null ? '' : ` of ${size(data.bytes)}`}.`
            : 'Storage'
      }
      tabs={tabs.system}
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && (
        <>
          <Figures>
            <Figure title="Runs" value={`${count(data.runs)}${data.runs >= mostCounted ? '+' : ''}`}>
              kept with their journals
            </Figure>
            <Figure title="Events" value={count(data.events)}>
              written so far, each linked to the one before
            </Figure>
            <Figure title="Memory" value={count(data.items)}>
              items that are known now
            </Figure>
          </Figures>
          <Section title="Location">
            <Fields>
              <Field name={data.kind === 'sqlite' ? 'file' : 'database'}>{data.place}</Field>
              <Field name="schema">version {data.schemaVersion}</Field>
              <Field name="a copy">
                <code>npx reeve backup FILE</code>, while everything goes on
              </Field>
            </Fields>
          </Section>
          <Section title="Retention">
            <Fields>
              {Object.entries(kept).map(([name, words]) => (
                <Field key={name} name={words}>
                  {data.retention[name as Kept] ?? unsaid[name as Kept] ?? 'for ever'}
                </Field>
              ))}
            </Fields>
            <Empty>
              What is older is deleted every hour. <code>retention</code> in <code>reeve.config.ts</code> says
              how long; <code>npx reeve prune --dry-run</code> says what would go.
            </Empty>
          </Section>
        </>
      )}
    </Page>
  )
}

function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
