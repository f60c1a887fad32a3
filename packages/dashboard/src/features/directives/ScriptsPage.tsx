import { useQuery } from '@tanstack/react-query'
import { scriptsQuery } from '../../api/improving.ts'
import type { ScriptItem } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, many, percent } from '../../ui/words.ts'

/** What does the work without a model, each with how it went last. */
export function ScriptsPage() {
  const now = useNow()
  const { data, error, refetch } = useQuery(scriptsQuery)
  const items = data?.items ?? []
  return (
    <Page title={data ? titleOf(items) : 'Scripts'} tabs={tabs.directives}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && items.length === 0 && (
        <Empty>
          A script does one thing, without a model: arguments go in, one JSON result comes out. An executable
          in <code>scripts/</code> stands here by its name.
        </Empty>
      )}
      <Rows label="Scripts">
        {items.map((script) => (
          <Row
            key={script.name}
            to={`/scripts/${encodeURIComponent(script.name)}`}
            title={script.name}
            under={
              <>
                <Foreign text={script.description} />
                <br />
                {proofOf(script)}
              </>
            }
            tag={
              script.calls && (
                <Tag tone={script.calls.last.failed ? 'bad' : 'good'}>
                  {script.calls.last.failed ? 'failed' : 'it worked'}
                </Tag>
              )
            }
            end={
              script.calls ? (
                <>
                  {clock(script.calls.last.at, now)}
                  <br />
                  {percent(1 - script.calls.failed / script.calls.ended)} of {count(script.calls.ended)}
                </>
              ) : (
                'not called lately'
              )
            }
          />
        ))}
      </Rows>
    </Page>
  )
}

export const effectWords = {
  read: 'changes nothing',
  idempotent: 'may be repeated',
  once: 'is done once',
} as const

function proofOf({ effect, network, tests, dryRun }: ScriptItem): string {
  return [
    effectWords[effect],
    network ? 'uses the network' : 'no network',
    tests.length > 0
      ? `${count(tests.length)} ${tests.length === 1 ? 'test' : 'tests'}`
      : dryRun
        ? 'a dry run'
        : 'no test',
  ].join(' · ')
}

function titleOf(items: readonly ScriptItem[]): string {
  if (items.length === 0) return 'No script yet.'
  const bad = items.filter(({ calls }) => calls?.last.failed)
  const untested = items.filter(({ tests, dryRun }) => tests.length === 0 && !dryRun)
  const parts = [
    many(items.length, 'script'),
    ...(bad.length === 0
      ? []
      : [bad.length === 1 ? `${bad[0]!.name} failed last time` : `${count(bad.length)} failed last time`]),
    ...(untested.length === 0 ? [] : [`${count(untested.length)} without a test`]),
  ]
  return `${parts.join('; ')}.`
}
