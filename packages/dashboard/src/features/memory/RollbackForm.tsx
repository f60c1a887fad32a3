import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { MemoryVersion, RollbackOf } from '../../api/types.ts'
import { Select, TextInput } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import ui from '../../ui/ui.module.css'
import { count } from '../../ui/words.ts'
import css from './Memory.module.css'
import { ReasonedForm } from './ReasonedForm.tsx'

type Kind = 'item' | 'source' | 'run' | 'since'

const says: Record<Kind, { words: string; field: string }> = {
  item: { words: 'the last version of an item', field: 'Id of the item' },
  source: { words: 'all that came from a source', field: 'Source' },
  run: { words: 'all that a run recorded', field: 'Id of the run' },
  since: { words: 'all that was recorded since', field: 'Since (ISO 8601, such as 2026-11-27T08:00:00Z)' },
}

/** Takes back what an item, a source, a run or a stretch of time brought. What would vanish is shown first. */
export function RollbackForm({ item, onDone }: { item?: MemoryVersion; onDone: () => void }) {
  const client = useQueryClient()
  const offered: Partial<Record<Kind, string>> = item
    ? {
        item: item.id,
        source: item.source,
        ...(item.runId !== null && { run: item.runId }),
        since: item.recordedAt,
      }
    : { source: '', run: '', since: '', item: '' }
  const [kind, setKind] = useState<Kind>(item ? 'item' : 'source')
  const [typed, setTyped] = useState<Partial<Record<Kind, string>>>({})
  const value = (typed[kind] ?? offered[kind] ?? '').trim()
  const of = { [kind]: value } as RollbackOf
  const { data, error } = useQuery({
    queryKey: ['memory', 'rollback', kind, value],
    queryFn: ({ signal }) => api.memory.preview({ query: of, signal }),
    enabled: value !== '',
    retry: false,
  })
  const act = useMutation({
    mutationFn: (why: string) => api.memory.rollback({ body: { of, why }, ...newKey() }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['memory'] })
    },
  })
  return (
    <>
      <ReasonedForm
        keptWith="each version that ends"
        action={data && data.count > 0 ? `Roll back ${count(data.count)}` : 'Roll back'}
        isGrave
        isReady={value !== '' && data !== undefined && data.count > 0}
        act={act}
        onDone={onDone}
      >
        <Select
          label="What"
          value={kind}
          data={(Object.keys(offered) as Kind[]).map((each) => ({ value: each, label: says[each].words }))}
          onChange={(event) => setKind(event.currentTarget.value as Kind)}
        />
        <TextInput
          label={says[kind].field}
          value={typed[kind] ?? offered[kind] ?? ''}
          onChange={(event) => setTyped({ ...typed, [kind]: event.currentTarget.value })}
        />
        {value !== '' && error && <Failure error={error} />}
        {value !== '' && data && (
          <>
            <p style={{ margin: 0 }}>
              {data.count === 0
                ? 'Nothing would vanish.'
                : `${count(data.count)} ${data.count === 1 ? 'version' : 'versions'} would vanish; what they had amended stands again.`}
            </p>
            {data.ids.length > 0 && (
              <ul className={css.ids}>
                {data.ids.slice(0, 200).map((id) => (
                  <li key={id}>
                    <Foreign text={id} />
                  </li>
                ))}
                {data.ids.length > 200 && <li>and {count(data.count - 200)} others</li>}
              </ul>
            )}
          </>
        )}
      </ReasonedForm>
      <p className={ui.soft} style={{ margin: 0 }}>
        Nothing is deleted: what is taken back stays in the history of its item.
      </p>
    </>
  )
}
