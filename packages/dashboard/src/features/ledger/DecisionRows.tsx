import type { Decision } from '../../api/types.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, duration, money } from '../../ui/words.ts'
import { results } from '../directives/results.ts'

/** Decisions of daemons, each with what it was given, why, and what became of it. */
export function DecisionRows({ items, now }: { items: readonly Decision[]; now: number }) {
  return (
    <Rows label="Decisions">
      {items.map((item) => (
        <Row
          key={`${item.of?.runId} ${item.timestamp}`}
          {...(item.of && { to: `/runs/${item.of.executionId ?? item.of.runId}` })}
          title={<Foreign text={item.decision === 'idle' ? 'It left all as it was' : item.decision} />}
          under={<Under item={item} />}
          tag={<Tag tone={results[item.result].tone}>{results[item.result].words}</Tag>}
          end={
            <>
              {clock(item.timestamp, now)}
              <br />
              {money(item.metrics.cost)} · {duration(1000 * item.metrics.duration_s)}
            </>
          }
        />
      ))}
    </Rows>
  )
}

function Under({ item: { of, why, goal, params } }: { item: Decision }) {
  const given = givenWords(params)
  return (
    <>
      <Foreign text={why === '' ? 'no reason was given' : why} />
      {given !== '' && (
        <>
          <br />
          with <Foreign text={given} />
        </>
      )}
      {goal !== null && (
        <>
          {' · for '}
          <Foreign text={goal} />
        </>
      )}
      {of && (
        <>
          {' · '}
          <Foreign text={of.daemon} />
        </>
      )}
      {of && of.detail !== '' && (
        <>
          <br />
          <Foreign text={of.detail} />
        </>
      )}
    </>
  )
}

const longest = 240

/** `topic: tea, words: 500`: what a directive was given, on one line. */
function givenWords(params: Decision['params']): string {
  const told = Object.entries(params).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const line = told.join(', ').replace(/\s+/g, ' ')
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line
}
