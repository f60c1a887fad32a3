import { useQuery } from '@tanstack/react-query'
import { triggersQuery } from '../../api/queries.ts'
import type { Trigger } from '../../api/types.ts'
import { Foreign } from '../../ui/Foreign.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock } from '../../ui/words.ts'

/** What starts runs from outside, with what came last. */
export function Triggers({ now }: { now: number }) {
  const { data } = useQuery(triggersQuery)
  const items = (data?.items ?? []).filter(({ on }) => on !== 'schedule')
  if (items.length === 0) return null
  return (
    <Section title="Triggers">
      <Rows label="Triggers">
        {items.map((trigger) => (
          <Row
            key={trigger.name}
            title={<Foreign text={trigger.name} />}
            under={
              <>
                {trigger.on} {wordsOf(trigger)} · starts {trigger.workflow}
                {trigger.closed !== null && (
                  <>
                    <br />
                    <Foreign text={trigger.closed} />
                  </>
                )}
              </>
            }
            tag={
              trigger.closed !== null ? (
                <Tag tone="bad">closed</Tag>
              ) : (
                trigger.last?.outcome === 'refused' && <Tag tone="warn">refused last</Tag>
              )
            }
            end={trigger.last ? `last ${clock(trigger.last.at, now)}` : 'nothing came yet'}
          />
        ))}
      </Rows>
    </Section>
  )
}

function wordsOf({ path, folder, cron, event, service, signature }: Trigger): string {
  return [
    path ?? folder ?? cron ?? event ?? service ?? '',
    signature === null ? '' : `signed by ${signature}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}
