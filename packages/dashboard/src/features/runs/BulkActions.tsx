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
  const isOpen = verb !== undefined
  const found = useQuery({
    queryKey: ['bulk', 'count', filter],
    queryFn: ({ signal }) => api.bulk.count({ query: known(filter), signal }),
    enabled: isOpen,
    // What is decided on stays as it is until the question is asked anew.
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
    gcTime: 0,
  })
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
        opened={isOpen}
        onClose={() => setVerb(undefined)}
        title={verb && `${capital(verb)} ${howMany(found.data)}?`}
      >
        <p>
          {verb && verbs[verb]} It is done to every run that fits this filter now: {wordsOf(filter)}. Those
          that it does not fit, such as runs that have ended, stay as they are. You can watch how far it is,
          and stop it.
        </p>
        {found.error && <Failure error={found.error} again={() => void found.refetch()} />}
        {start.error && <Failure error={start.error} />}
        <Buttons>
          <Button variant="default" onClick={() => setVerb(undefined)}>
            Leave them
          </Button>
          <Button
            {...(verb === 'cancel' && { tone: 'bad' })}
            disabled={found.data === undefined || (found.data.total === 0 && !found.data.isMore)}
            loading={start.isPending}
            onClick={() => verb && start.mutate(verb)}
          >
            {verb && capital(verb)} {found.data ? countOf(found.data) : 'all'}
          </Button>
        </Buttons>
      </Dialog>
    </div>
  )
}

type Found = Awaited<ReturnType<typeof api.bulk.count>>

function countOf({ total, isMore }: Found): string {
  return isMore ? `${count(total)} or more` : count(total)
}

/** "all 3,214 runs that fit this filter". */
function howMany(found: Found | undefined): string {
  if (!found) return 'all runs that fit this filter'
  if (found.isMore) return `all ${countOf(found)} runs that fit this filter`
  if (found.total === 0) return 'no run: none fits this filter'
  return found.total === 1 ? 'the one run that fits' : `all ${countOf(found)} runs that fit this filter`
}

function wordsOf(filter: RunFilter): string {
  return Object.entries(known(filter))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

function capital(verb: Verb): string {
  return `${verb[0]!.toUpperCase()}${verb.slice(1)}`
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
