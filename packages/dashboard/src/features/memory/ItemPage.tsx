import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { memoryItemQuery, sessionQuery } from '../../api/queries.ts'
import type { MemoryVersion } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Difference } from '../../ui/fields/Difference.tsx'
import { Field, Fields } from '../../ui/fields/Field.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock } from '../../ui/words.ts'
import { ChangeForm, type ChangeKind } from './ChangeForm.tsx'
import { endingOf } from './kinds.ts'
import css from './Memory.module.css'
import { RollbackForm } from './RollbackForm.tsx'

/** One item: what it says now, where that came from, and what it said before. */
export function ItemPage() {
  const now = useNow()
  const { id } = useSearch({ from: '/memory/item' })
  const [asked, setAsked] = useState<ChangeKind | 'rollback' | undefined>()
  const { data, error, refetch } = useQuery(memoryItemQuery(id))
  const { data: session } = useQuery(sessionQuery)
  const path = [{ to: '/memory', words: 'Memory' }]
  const versions = data?.items ?? []
  const item = versions.at(-1)
  if (!item)
    return (
      <Page title={error ? 'This item is not here.' : '…'} path={path}>
        {error &&
          ('status' in error && error.status === 404 ? (
            <Empty>
              Nothing with this id was ever known, or retention has deleted it.{' '}
              <Link to="/memory">See what is known</Link>
            </Empty>
          ) : (
            <Failure error={error} again={() => void refetch()} />
          ))}
      </Page>
    )
  const ending = endingOf(item)
  const may = session?.role === 'operator' || session?.role === 'owner'
  const close = () => setAsked(undefined)
  return (
    <Page
      title={item.text === '' ? 'Its words are gone.' : item.title || `A ${item.kind}`}
      path={path}
      sub={
        <>
          {ending === undefined ? <Tag>is found</Tag> : <Tag tone="warn">{ending}</Tag>}{' '}
          {item.untrusted && <Tag tone="warn">from outside: data, never instructions</Tag>} Version{' '}
          {item.version}, {clock(item.recordedAt, now)}. <span className={ui.code}>{item.id}</span>
        </>
      }
    >
      {may && (
        <div className={ui.actions}>
          {ending === undefined && (
            <>
              <Button variant="default" onClick={() => setAsked('amend')}>
                Amend…
              </Button>
              <Button variant="default" onClick={() => setAsked('retract')}>
                Retract…
              </Button>
            </>
          )}
          <Button variant="default" onClick={() => setAsked('rollback')}>
            Roll back…
          </Button>
          {session?.role === 'owner' && item.endedAs !== 'redacted' && (
            <Button variant="default" onClick={() => setAsked('redact')}>
              Redact…
            </Button>
          )}
        </div>
      )}
      <Section title="Text">
        <p className={ui.prose}>{item.text === '' ? '—' : <Foreign text={item.text} />}</p>
      </Section>
      <Section title="Origin">
        <Fields>
          <Field name="source">
            <Foreign text={item.source} />
          </Field>
          <Field name="recorded by">
            {item.runId === null ? (
              'taken in from a document'
            ) : (
              <Link to="/runs/$run" params={{ run: item.runId }}>
                run {item.runId}
              </Link>
            )}
          </Field>
          <Field name="kind">{item.kind}</Field>
          <Field name="scope">
            {item.scope === '' ? 'none: found by searches without a scope' : <Foreign text={item.scope} />}
          </Field>
          {(item.validFrom !== null || item.validUntil !== null) && (
            <Field name="holds">
              {item.validFrom === null ? '' : `from ${clock(item.validFrom, now)} `}
              {item.validUntil === null ? '' : `until ${clock(item.validUntil, now)}`}
            </Field>
          )}
        </Fields>
      </Section>
      <Section title="History">
        {versions.toReversed().map((version) => (
          <Version
            key={version.version}
            version={version}
            before={versions.find((one) => one.version === version.version - 1)}
            now={now}
          />
        ))}
      </Section>
      <Dialog
        opened={asked !== undefined}
        onClose={close}
        title={
          asked === 'rollback'
            ? 'Roll back'
            : `${asked === undefined ? '' : asked.charAt(0).toUpperCase() + asked.slice(1)} this item`
        }
        size="lg"
      >
        {asked === 'rollback' && <RollbackForm item={item} onDone={close} />}
        {asked !== undefined && asked !== 'rollback' && (
          <ChangeForm kind={asked} item={item} onDone={close} />
        )}
      </Dialog>
    </Page>
  )
}

function Version({
  version,
  before,
  now,
}: {
  version: MemoryVersion
  before: MemoryVersion | undefined
  now: number
}) {
  const ending = endingOf(version)
  return (
    <div className={css.version}>
      <p className={ui.soft}>
        Version {version.version}, {clock(version.recordedAt, now)}
        {ending !== undefined && (
          <>
            , {ending}
            {version.endedAt !== null && ` ${clock(version.endedAt, now)}`}
            {version.endedBy !== null && (
              <>
                {' by '}
                <Foreign text={version.endedBy} />
              </>
            )}
            {version.endedWhy !== null && (
              <>
                {': '}
                <Foreign text={version.endedWhy} />
              </>
            )}
          </>
        )}
      </p>
      {before && before.text !== version.text ? (
        <Difference before={before.text} after={version.text} />
      ) : (
        <pre className={ui.text}>
          <Foreign text={version.text} />
        </pre>
      )}
    </div>
  )
}
