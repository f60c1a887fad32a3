import { useQuery } from '@tanstack/react-query'
import { approvalQuery } from '../../../api/queries.ts'
import type { ApprovalItem, ApprovalWhole } from '../../../api/types.ts'
import { Foreign } from '../../../ui/Foreign.tsx'
import { Value } from '../../../ui/fields/Field.tsx'
import { Link } from '../../../ui/Link.tsx'
import { Section } from '../../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../../ui/Rows.tsx'
import ui from '../../../ui/ui.module.css'
import { Letters, lettersIn } from './Letters.tsx'

/** What it is about: what it answers, what it rests on, what was said of it, and where to read on. */
export function About({ item }: { item: ApprovalItem }) {
  const { data } = useQuery(approvalQuery(item.id))
  const { inputs = [], reviews = [], notes = [], forkedFromId: forkedFrom = null } = data?.context ?? {}
  return (
    <>
      {inputs.map(({ runId: run, workflow, input }) => {
        const { letters, rest } = lettersIn(input)
        return (
          <div key={run}>
            <Letters letters={letters} />
            {rest !== undefined && (
              <Section title={letters.length > 0 ? 'Also given' : `What ${workflow} was given`}>
                <Value value={rest} />
              </Section>
            )}
          </div>
        )
      })}
      <Passages passages={data?.passages ?? []} />
      {reviews.length > 0 && (
        <Section title="Reviews">
          <Rows>
            {reviews.map(({ name, solver, score, problems }) => (
              <Row
                key={`${name}${solver}${score}`}
                title={name}
                under={
                  <>
                    {solver}
                    {Array.isArray(problems) && problems.length > 0 && (
                      <>
                        {': '}
                        <Foreign text={problems.map(String).join('; ')} />
                      </>
                    )}
                  </>
                }
                end={score.toFixed(2)}
              />
            ))}
          </Rows>
        </Section>
      )}
      {notes.length > 0 && (
        <Section title="Notes">
          {notes.map((note) => (
            <p key={note} className={ui.prose}>
              <Foreign text={note} />
            </p>
          ))}
        </Section>
      )}
      <p className={ui.soft} style={{ marginTop: 28 }}>
        <Link to="/runs/$run" params={{ run: item.runId }}>
          The whole run <span className={ui.code}>{item.runId}</span>
        </Link>
        {forkedFrom && (
          <>
            , forked from{' '}
            <Link to="/runs/$run" params={{ run: forkedFrom }}>
              <span className={ui.code}>{forkedFrom}</span>
            </Link>
          </>
        )}
      </p>
    </>
  )
}

/** What was recalled before it asked: a draft may quote nothing else. */
function Passages({ passages }: { passages: ApprovalWhole['passages'] }) {
  const known = [...new Map(passages.map((passage) => [passage.id, passage])).values()]
  if (known.length === 0) return null
  return (
    <Section title="Sources">
      {known.map(({ id, title, source, text, score, untrusted }) => (
        <details key={id} className={ui.passage}>
          <summary>
            <span>
              <span className={ui.rowTitle}>
                <Foreign text={title} />
              </span>{' '}
              <span className={ui.soft}>
                · <Foreign text={source} />
              </span>{' '}
              {untrusted && <Tag tone="warn">untrusted: from outside</Tag>}
            </span>
            <span className={ui.soft}>{score.toFixed(3)}</span>
          </summary>
          <p className={ui.prose}>
            <Foreign text={text} />
          </p>
        </details>
      ))}
    </Section>
  )
}
