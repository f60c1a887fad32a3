import { Button, Group, Modal, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { write } from '../api/http.ts'
import { queuesQuery, sessionQuery } from '../api/queries.ts'
import { Failure } from '../ui/Failure.tsx'
import css from './Frame.module.css'

/** The one switch: no run is claimed any more until somebody lets them go on. What acts at this moment is finished. */
export function PauseEverything() {
  const [isOpen, setOpen] = useState(false)
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const { data: queues } = useQuery(queuesQuery)
  const isPaused =
    queues !== undefined && queues.items.length > 0 && queues.items.every(({ paused }) => paused)
  const change = useMutation({
    async mutationFn() {
      for (const { name } of queues?.items ?? [])
        await write(`/api/queues/${encodeURIComponent(name)}/${isPaused ? 'resume' : 'pause'}`)
    },
    onSuccess: () => {
      setOpen(false)
      void client.invalidateQueries()
    },
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  if (!may) return null
  return (
    <>
      <button
        type="button"
        className={css.pause}
        data-paused={isPaused || undefined}
        onClick={() => setOpen(true)}
      >
        {isPaused ? 'Everything is paused' : 'Pause everything'}
      </button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={isPaused ? 'Let everything go on?' : 'Pause everything?'}
        centered
      >
        <Text mb="md">
          {isPaused
            ? 'Workers take runs again, what waited longest first.'
            : 'No worker takes another run. What acts at this moment is finished; nothing is lost.'}
        </Text>
        {change.error && <Failure error={change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setOpen(false)}>
            Leave it
          </Button>
          <Button
            color={isPaused ? 'moss' : 'orange.9'}
            loading={change.isPending}
            onClick={() => change.mutate()}
          >
            {isPaused ? 'Go on' : 'Pause everything'}
          </Button>
        </Group>
      </Modal>
    </>
  )
}
