import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { directiveDiffQuery, directiveVersionsQuery } from '../../api/improving.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Hunks } from '../../ui/Hunks.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock } from '../../ui/words.ts'

const authors = { file: 'saved', person: 'a person', repair: 'a repair', lesson: 'a lesson' } as const

/** How a directive became what it is: each version with who made it and why, and what it changed. */
export function History({ directive, now }: { directive: string; now: number }) {
  const { data } = useQuery(directiveVersionsQuery(directive))
  const [open, setOpen] = useState<number | undefined>()
  const items = data?.items ?? []
  if (items.length === 0) return null
  return (
    <Section title="Versions">
      <Rows label="Versions">
        {items.map(({ version, author, by, reason, at }, index) => (
          <Row
            key={version}
            title={`Version ${version}`}
            under={
              <>
                {clock(at, now)}
                {by !== null && (
                  <>
                    {' · '}
                    <Foreign text={by} />
                  </>
                )}
                {reason !== null && (
                  <>
                    {' · '}
                    <Foreign text={reason} />
                  </>
                )}
                {open === version && <Change directive={directive} version={version} />}
              </>
            }
            tag={
              <Tag tone={author === 'repair' || author === 'lesson' ? 'warn' : 'plain'}>
                {authors[author]}
              </Tag>
            }
            end={
              index < items.length - 1 && (
                <button
                  type="button"
                  className={ui.link}
                  aria-expanded={open === version}
                  onClick={() => setOpen(open === version ? undefined : version)}
                >
                  {open === version ? 'Hide' : 'What changed'}
                  <span className="heard"> in version {version}</span>
                </button>
              )
            }
          />
        ))}
      </Rows>
    </Section>
  )
}

function Change({ directive, version }: { directive: string; version: number }) {
  const { data, error } = useQuery(directiveDiffQuery(directive, version))
  if (error) return <Failure error={error} />
  return data ? <Hunks hunks={data.hunks} /> : null
}
