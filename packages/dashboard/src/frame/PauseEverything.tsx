import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../api/client.ts'
import { pauseQuery, sessionQuery } from '../api/queries.ts'
import { Button, Buttons } from '../ui/controls/Button.tsx'
import { Dialog } from '../ui/controls/Dialog.tsx'
import { Textarea } from '../ui/controls/Inputs.tsx'
import { Failure } from '../ui/Failure.tsx'
import { Foreign } from '../ui/Foreign.tsx'
import { useNow } from '../ui/now.ts'
import { since } from '../ui/words.ts'
import css from './Frame.module.css'

/** The one switch: no run begins or goes on until somebody lets them. What acts at this moment is finished. */
export function PauseEverything() {
  const [isOpen, setOpen] = useState(false)
  const [why, setWhy] = useState('')
  const client = useQueryClient()
  const now = useNow()
  const { data: session } = useQuery(sessionQuery)
  const { data } = useQuery(pauseQuery)
  const paused = data?.paused ?? undefined
  const change = useMutation({
    mutationFn: () =>
      paused
        ? api.pause.end(newKey())
        : api.pause.set({ body: why.trim() === '' ? {} : { why: why.trim() }, ...newKey() }),
    onSuccess: () => {
      setOpen(false)
      setWhy('')
      void client.invalidateQueries()
    },
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  if (!may && !paused) return null
  return (
    <>
      <button
        type="button"
        className={css.pause}
        aria-label={paused ? 'Everything is paused' : 'Pause everything'}
        data-paused={paused ? '' : undefined}
        onClick={() => setOpen(true)}
      >
        {paused ? (
          <>
            <span className={css.wide}>Everything is </span>paused
          </>
        ) : (
          <>
            Pause<span className={css.wide}> everything</span>
          </>
        )}
      </button>
      <Dialog
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={paused ? 'Everything is paused' : 'Pause everything?'}
      >
        {paused ? (
          <p>
            By {paused.by}, {since(paused.at, now)} ago{paused.why === null ? '.' : ': '}
            {paused.why !== null && <Foreign text={paused.why} />}
          </p>
        ) : (
          <>
            <p>No run begins or goes on. What acts at this moment is finished; nothing is lost.</p>
            <Textarea
              label="Why"
              description="Everybody who looks sees it."
              value={why}
              onChange={(event) => setWhy(event.currentTarget.value)}
              rows={2}
            />
          </>
        )}
        {change.error && <Failure error={change.error} />}
        <Buttons>
          <Button variant="default" onClick={() => setOpen(false)}>
            Back
          </Button>
          {may && (
            <Button
              tone={paused ? undefined : 'warn'}
              loading={change.isPending}
              onClick={() => change.mutate()}
            >
              {paused ? 'Go on' : 'Pause everything'}
            </Button>
          )}
        </Buttons>
      </Dialog>
    </>
  )
}
