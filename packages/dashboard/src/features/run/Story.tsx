import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { storyQuery } from '../../api/queries.ts'
import type { RunStory, RunWhole } from '../../api/types.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import { Value } from '../../ui/fields/Field.tsx'
import { Link } from '../../ui/Link.tsx'
import { Section } from '../../ui/Page.tsx'
import { Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, count, many, money } from '../../ui/words.ts'
import { questionOf } from '../inbox/wording.ts'
import css from './Run.module.css'

/** The four questions in plain words: what was to be done, what it knew, what it did, and why it counts as done. */
export function Story({ run, now }: { run: RunWhole; now: number }) {
  const { data } = useQuery(storyQuery(run))
  if (!data) return null
  const { story, left } = data
  const cut = Object.entries(left).filter(([what]) => what !== 'events')
  return (
    <div className={css.story}>
      <Section title="What was to be done">
        <Goal story={story} />
      </Section>
      <Section title="What it knew">
        <Known story={story} now={now} />
      </Section>
      <Section title="What it did">
        <Done story={story} now={now} />
      </Section>
      <Section title={run.endedAt === null ? 'Why it is not done' : 'Why it counts as it does'}>
        <Why story={story} run={run} now={now} />
      </Section>
      {cut.length > 0 && (
        <p className={ui.soft}>
          Of a long run the last of each is told here; before them were{' '}
          {cut.map(([what, number]) => `${count(number)} ${what}`).join(', ')}.
        </p>
      )}
      {!story.chain.ok && (
        <p>
          <Tag tone="bad">chain broken</Tag> What the journal says was changed after it was written
          {story.chain.fault && `: ${JSON.stringify(story.chain.fault)}`}. Ask: reeve audit verify
        </p>
      )}
    </div>
  )
}

function Goal({ story: { goal, chapter } }: { story: RunStory }) {
  const { workflow, version, principal, startedBy, forkedFrom, input } = goal
  return (
    <>
      <p>
        {workflow}, version {version}, for {principal}
        {startedBy !== null && `, started by ${startedBy}`}
        {forkedFrom && (
          <>
            , forked by {forkedFrom.by} from <RunLink id={forkedFrom.runId} /> at call {forkedFrom.call}
          </>
        )}
        {chapter && `, chapter ${chapter.number}`}
        {input === null ? '. It was given nothing.' : '. It was given:'}
      </p>
      {input !== null && <Value value={input} />}
    </>
  )
}

function Known({ story: { context, modelCalls, total } }: { story: RunStory; now: number }) {
  const { recalls, signals, people, children } = context
  const lines: ReactNode[] = [
    ...recalls.map(({ call, name, passages }) => (
      <p key={`recall ${call}`}>
        {many(passages.length, 'passage')} for “<Foreign text={name} />”
        {passages[0] && (
          <>
            , the first <b>{<Foreign text={passages[0].title} />}</b> ({passages[0].score.toFixed(3)})
          </>
        )}
        .
      </p>
    )),
    ...signals.map(({ call, name, payload }) => (
      <div key={`signal ${call}`}>
        <p>
          The signal <b>{name}</b> brought:
        </p>
        <Value value={payload} />
      </div>
    )),
    ...people.map(({ call, subject, by, what, value, note }) => (
      <div key={`person ${call}`}>
        <p>
          {by ?? 'Somebody'} {what === 'edit' ? 'edited' : 'answered'} <b>{subject}</b>
          {note !== null && (
            <>
              {' '}
              (<Foreign text={note} />)
            </>
          )}
          :
        </p>
        <Value value={value} />
      </div>
    )),
    ...children.map(({ call, runId: run, status }) => (
      <p key={`child ${call}`}>
        Its child <RunLink id={run} /> {status}.
      </p>
    )),
  ]
  if (lines.length === 0) lines.push(<p key="none">Only what it was given.</p>)
  if (modelCalls.length > 0)
    lines.push(
      <p key="models">
        {many(modelCalls.length, 'paid call')} of{' '}
        {[...new Set(modelCalls.map(({ model }) => model))].join(', ')}:{' '}
        {money(total.costUsd + total.unsettledUsd)}.
      </p>,
    )
  return <>{lines}</>
}

const states = {
  completed: '',
  failed: ': it failed',
  unknown: ': nobody knows whether it happened',
  'under way': ': it is under way',
} as const

function Done({ story: { tools }, now }: { story: RunStory; now: number }) {
  if (tools.length === 0) return <p>It changed nothing outside: it called no tool.</p>
  return (
    <>
      {tools.map(({ call, name, attempts, state, approval, agent, args, result, error }) => (
        <div key={call} className={css.did}>
          <p>
            {agent ? `${agent.name} called` : 'Called'} <b>{name}</b>
            {attempts > 1 ? ` ${attempts} times` : ' once'}
            {states[state]}
            {approval
              ? `, allowed by ${approval.by ?? 'somebody'} at ${clock(approval.at, now)}${approval.edited ? ' after an edit' : ''}`
              : ', without a person'}
            .
            {error && (
              <>
                {' '}
                <Foreign text={error.message} />
              </>
            )}
          </p>
          <details>
            <summary>
              with what{result !== undefined && ', and what came back'} (call {call})
            </summary>
            {args !== undefined && <Value value={args} />}
            {result !== undefined && (
              <>
                <p className={ui.soft}>It answered:</p>
                <Value value={result} />
              </>
            )}
          </details>
        </div>
      ))}
    </>
  )
}

function Why({ story: { belief, chain }, run, now }: { story: RunStory; run: RunWhole; now: number }) {
  const { reviews, decisions, waitsFor, error, output, reason } = belief
  return (
    <>
      {error && (
        <p>
          It failed: <Foreign text={error.message} /> <code className={ui.code}>{error.code}</code>
        </p>
      )}
      {!error && reason !== null && run.status !== 'succeeded' && run.asks.length === 0 && (
        <p>
          <Foreign text={reason} />
        </p>
      )}
      {run.asks.map((ask) => (
        <p key={ask.id}>
          It waits for a person:{' '}
          <Link to="/inbox" search={{ item: ask.id }}>
            {questionOf(ask)}
          </Link>
        </p>
      ))}
      {waitsFor
        .filter(({ approvalId: approval }) => approval === null)
        .map(({ call, kind, name, dueAt }) => (
          <p key={call}>
            It waits for {kind} “<Foreign text={name} />”{dueAt !== null && `, until ${clock(dueAt, now)}`}.
          </p>
        ))}
      {reviews.map(({ call, name, solver, score }) => (
        <p key={call}>
          “{name}” by {solver} gave {score.toFixed(2)}.
        </p>
      ))}
      {decisions.map(({ call, subject, status, by }) => (
        <p key={call}>
          {subject} was {status}
          {by !== null && ` by ${by}`}.
        </p>
      ))}
      {output !== undefined && (
        <>
          <p>{output === null ? 'It came to its end, without a result.' : 'It came to its end with:'}</p>
          {output !== null && <Value value={output} />}
        </>
      )}
      {chain.ok && chain.events > 0 && (
        <p>
          <Tag>chain holds</Tag>{' '}
          <span className={ui.soft}>{many(chain.events, 'event')}, each as it was written.</span>
        </p>
      )}
    </>
  )
}

function RunLink({ id }: { id: string }) {
  return (
    <Link to="/runs/$run" params={{ run: id }} className={ui.code}>
      {id}
    </Link>
  )
}
