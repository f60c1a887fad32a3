import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type MemoryFilter, memorySearchQuery, newestMemoryQuery, sessionQuery } from '../../api/queries.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Checkbox, Select, TextInput } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { many, since } from '../../ui/words.ts'
import { itemPath, kinds } from './kinds.ts'
import css from './Memory.module.css'
import { RollbackForm } from './RollbackForm.tsx'

/** What is known: found as a run would find it, with why; without a question, what came last. */
export function MemoryPage() {
  const now = useNow()
  const navigate = useNavigate()
  const filter = useSearch({ from: '/memory' })
  const [isTakingBack, setTakingBack] = useState(false)
  const { data: session } = useQuery(sessionQuery)
  const newest = useQuery(newestMemoryQuery({ in: filter.in, kind: filter.kind }))
  const found = useQuery(memorySearchQuery(filter))
  const isAsking = filter.text !== undefined
  const error = isAsking ? found.error : newest.error
  const set = (more: Partial<MemoryFilter>) =>
    void navigate({ to: '/memory', search: { ...filter, ...more }, replace: true })
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Page title={titleOf(isAsking, found.data?.items.length, newest.data?.total)}>
      <search className={css.filters}>
        <Typed
          label="Search memory"
          placeholder="Ask as a run would"
          value={filter.text}
          onChange={(text) => set({ text })}
        />
        <Select
          aria-label="Kind"
          value={filter.kind ?? ''}
          data={[
            { value: '', label: 'Any kind' },
            ...Object.entries(kinds).map(([value, label]) => ({ value, label })),
          ]}
          onChange={(event) =>
            set({ kind: (event.currentTarget.value || undefined) as MemoryFilter['kind'] })
          }
        />
        <Typed label="Scope" placeholder="Scope" value={filter.in} onChange={(scope) => set({ in: scope })} />
      </search>
      <div className={css.under}>
        {isAsking && (
          <Checkbox
            label="Only trusted sources"
            checked={filter.trusted === true}
            onChange={(event) => set({ trusted: event.currentTarget.checked || undefined })}
          />
        )}
        {may && (
          <Button variant="default" onClick={() => setTakingBack(true)}>
            Roll back…
          </Button>
        )}
      </div>
      {error && <Failure error={error} again={() => void (isAsking ? found : newest).refetch()} />}
      {isAsking ? (
        <Rows label="Results">
          {(found.data?.items ?? []).map((item) => (
            <Row
              key={`${item.id} ${item.version}`}
              to={itemPath(item.id)}
              title={<Foreign text={headlineOf(item)} />}
              under={
                <>
                  {headlineOf(item) !== item.text && (
                    <>
                      <Foreign text={shorten(item.text)} />
                      <br />
                    </>
                  )}
                  <Foreign text={item.source} /> · words {partOf(item.words)} · likeness{' '}
                  {partOf(item.vectors)}
                </>
              }
              tag={item.untrusted && <Tag tone="warn">from outside</Tag>}
              end={item.score.toFixed(3)}
            />
          ))}
        </Rows>
      ) : (
        <Section title="What was recorded last">
          {newest.data?.items.length === 0 && (
            <Nothing isFiltered={filter.in !== undefined || filter.kind !== undefined} />
          )}
          <Rows label="What was recorded last">
            {(newest.data?.items ?? []).map((item) => (
              <Row
                key={item.id}
                to={itemPath(item.id)}
                title={<Foreign text={headlineOf(item)} />}
                under={
                  <Foreign
                    text={[item.kind, item.scope, item.source].filter((part) => part !== '').join(' · ')}
                  />
                }
                tag={item.untrusted && <Tag tone="warn">from outside</Tag>}
                end={`${since(item.recordedAt, now)} ago`}
              />
            ))}
          </Rows>
        </Section>
      )}
      <Dialog opened={isTakingBack} onClose={() => setTakingBack(false)} title="Roll back" size="lg">
        <RollbackForm onDone={() => setTakingBack(false)} />
      </Dialog>
    </Page>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return (
    <Empty>
      {isFiltered ? (
        'Nothing of this kind lies there. Take a part of the filter away.'
      ) : (
        <>
          Put documents into <code>knowledge/</code>, take in a folder with{' '}
          <code>npx reeve memory ingest PATH</code>, or let a run keep a fact with <code>ctx.remember</code>.
        </>
      )}
    </Empty>
  )
}

/** A field that becomes the page's address a moment after the last key. */
function Typed({
  label,
  placeholder,
  value = '',
  onChange,
}: {
  label: string
  placeholder: string
  value: string | undefined
  onChange: (value: string | undefined) => void
}) {
  const [text, setText] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text.trim() !== value) onChange(text.trim() || undefined)
    }, 300)
    return () => clearTimeout(timer)
  })
  return (
    <TextInput
      aria-label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  )
}

function titleOf(isAsking: boolean, found: number | undefined, total: number | undefined): string {
  if (isAsking) {
    if (found === undefined) return '…'
    return found === 0
      ? 'Nothing that is known answers this.'
      : `${many(found, 'item answers', 'items answer')} this.`
  }
  if (total === undefined) return 'Memory'
  return total === 0 ? 'Nothing is known yet.' : `${many(total, 'item is', 'items are')} known.`
}

function partOf(score: number | null): string {
  return score === null ? '—' : score.toFixed(3)
}

/** What was remembered without a title has its scope for one, which tells less than a short text itself. */
function headlineOf({ title, text }: { title: string; text: string }): string {
  return title.includes(' ') || text.length > 160 ? title || shorten(text, 90) : text || title
}

function shorten(text: string, most = 220): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
