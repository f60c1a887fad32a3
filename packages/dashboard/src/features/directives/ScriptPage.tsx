import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { directivesQuery, scriptsQuery } from '../../api/improving.ts'
import type { ScriptItem } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Field, Fields } from '../../ui/fields/Field.tsx'
import { SchemaFields } from '../../ui/fields/SchemaFields.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, duration } from '../../ui/words.ts'
import { effectWords } from './ScriptsPage.tsx'

/** One script: what it takes and gives, what holds it, who uses it, and how its calls ended. */
export function ScriptPage() {
  const { script: name } = useParams({ from: '/scripts/$script' })
  const now = useNow()
  const { data, error, refetch } = useQuery(scriptsQuery)
  const { data: directives } = useQuery(directivesQuery)
  const script = data?.items.find((one) => one.name === name)
  const path = [{ to: '/scripts', words: 'Scripts' }]
  if (!script)
    return (
      <Page title={data ? 'This script is not in the project.' : '…'} path={path}>
        {error && <Failure error={error} again={() => void refetch()} />}
        {data && <Empty>No file of this name is in scripts/.</Empty>}
      </Page>
    )
  const users = (directives?.items ?? []).filter(({ does }) =>
    does.some((call) => call.kind === 'script' && call.name === name),
  )
  return (
    <Page title={titleOf(script)} sub={<Foreign text={script.description} />} path={path}>
      {script.calls && (
        <Section title="Last call">
          <Rows label="Last call">
            <Row
              to={`/runs/${script.calls.last.runId}`}
              title={clock(script.calls.last.at, now)}
              under={script.calls.last.detail !== null && <Foreign text={script.calls.last.detail} />}
              tag={
                <Tag tone={script.calls.last.failed ? 'bad' : 'good'}>
                  {script.calls.last.failed ? 'failed' : 'it worked'}
                </Tag>
              }
              end="its run"
            />
          </Rows>
        </Section>
      )}
      <Section title="Used by">
        {users.length === 0 && <Empty>No directive names it. It is also the tool {script.tool}.</Empty>}
        <Rows label="Used by">
          {users.map((directive) => (
            <Row
              key={directive.name}
              to={`/directives/${encodeURIComponent(directive.name)}`}
              title={<Foreign text={directive.title} />}
              end="directive"
            />
          ))}
        </Rows>
      </Section>
      <Section title="Input">
        <SchemaFields schema={script.inputs} />
      </Section>
      <Section title="Output">
        {script.output === null ? (
          <Empty>One result in JSON, of any shape.</Empty>
        ) : (
          <SchemaFields schema={script.output} />
        )}
      </Section>
      <Section title="Limits">
        <Fields>
          <Field name="file">{script.file}</Field>
          <Field name="tool">{script.tool}</Field>
          <Field name="effect">{effectWords[script.effect]}</Field>
          <Field name="network">{script.network ? 'it may use it' : 'none'}</Field>
          <Field name="time">at most {duration(script.timeoutMs)}</Field>
          <Field name="memory">at most {count(Math.round(script.memoryBytes / 1_048_576))} MB</Field>
          <Field name="tests">
            {script.tests.length > 0 ? script.tests.join(', ') : script.dryRun ? 'a dry run' : 'none'}
          </Field>
        </Fields>
      </Section>
    </Page>
  )
}

function titleOf({ name, calls }: ScriptItem): string {
  if (!calls) return `${name} was not called lately.`
  if (calls.failed === 0)
    return `${name} did all of ${count(calls.ended)} ${calls.ended === 1 ? 'call' : 'calls'} right.`
  return `${name} failed ${count(calls.failed)} of ${count(calls.ended)} calls.`
}
