import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { known, type RunFilter, sessionQuery } from '../../api/queries.ts'
import { Button, Buttons } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import ui from '../../ui/ui.module.css'
import { count } from '../../ui/words.ts'

const verbs = {
  cancel: 'Each ends, with its children. What they did outside stays done.',
  retry: 'What is done stays done. The calls that failed are made again.',
  pause: 'No worker takes them until they are resumed.',
  resume: 'Workers take them again.',
} as const
type Verb = keyof typeof verbs

/** Does one thing to all runs that the filter finds, however many they are: it is begun, followed, and can be stopped. */
export function BulkActions({ filter }: { filter: RunFilter }) {
  const { data: session } = useQuery(sessionQuery)
  const [verb, setVerb] = useState<Verb | undefined>()
  const [begun, setBegun] = useState<string | undefined>()
  const start = useMutation({
    mutationFn: (action: Verb) => api.bulk.start({ body: { action, filter: known(filter) }, ...newKey() }),
    onSuccess({ id }) {
      setBegun(id)
      setVerb(undefined)
    },
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  if (!may || Object.keys(known(filter)).length === 0) return null
  return (
    <div className={ui.bulk}>
      <span className={ui.soft}>All that fit this filter:</span>
      {(Object.keys(verbs) as Verb[]).map((each) => (
        <button key={each} type="button" className={ui.link} onClick={() => setVerb(each)}>
          {each}…
        </button>
      ))}
      {begun !== undefined && <Progress id={begun} />}
      <Dialog
        opened={verb !== undefined}
        onClose={() => setVerb(undefined)}
        title={`${verb ?? ''} all runs that fit this filter?`}
      >
        <p>
          {verb && verbs[verb]} It is done to every run that fits now:{' '}
          {Object.entries(known(filter))
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')}
          . You can watch how far it is, and stop it.
        </p>
        {start.error && <Failure error={start.error} />}
        <Buttons>
          <Button variant="default" onClick={() => setVerb(undefined)}>
            Leave them
          </Button>
          <Button
            {...(verb === 'cancel' && { tone: 'bad' })}
            loading={start.isPending}
            onClick={() => verb && start.mutate(verb)}
          >
            {verb} all
          </Button>
        </Buttons>
      </Dialog>
    </div>
  )
}

function Progress({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ['bulk', id],
    queryFn: ({ signal }) => api.bulk.one({ params: { bulk: id }, signal }),
    refetchInterval: ({ state }) =>
      state.data === undefined || state.data.status === 'running' ? 700 : false,
  })
  const stop = useMutation({ mutationFn: () => api.bulk.stop({ params: { bulk: id }, ...newKey() }) })
  if (!data) return null
  const { action, status, done, refused, problem } = data
  return (
    <span role="status">
      {action}: {count(done)} done
      {refused > 0 && `, ${count(refused)} refused${problem ? ` (${problem})` : ''}`}
      {status === 'running' ? '… ' : status === 'stopped' ? ', stopped.' : ', that was all.'}
      {status === 'running' && (
        <button type="button" className={ui.link} disabled={stop.isPending} onClick={() => stop.mutate()}>
          Stop
        </button>
      )}
    </span>
  )
}
