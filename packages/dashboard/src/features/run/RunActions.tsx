import { Button, Group, Modal, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { RunWhole } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import ui from '../../ui/ui.module.css'
import css from './Run.module.css'

interface Action {
  path: 'cancel' | 'pause' | 'resume' | 'retry'
  words: string
  /** What will happen, for the question before it. */
  says: string
  isGrave?: true
}

const ended = ['succeeded', 'failed', 'cancelled']

/** What can be done about a run as it stands. Each says first what will happen. */
export function RunActions({ run }: { run: RunWhole }) {
  const [asked, setAsked] = useState<Action | undefined>()
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const act = useMutation({
    mutationFn({ path }: Action) {
      const asked = { params: { run: run.id }, ...newKey() }
      return path === 'retry' ? api.runs.retry({ ...asked, body: {} }) : api.runs[path](asked)
    },
    async onSuccess() {
      setAsked(undefined)
      await client.invalidateQueries()
    },
  })
  if (session?.role !== 'operator' && session?.role !== 'owner') return null
  const isOver = ended.includes(run.status)
  const actions: Action[] = [
    ...(run.status === 'failed' || run.status === 'stuck'
      ? [
          {
            path: 'retry',
            words: 'Retry',
            says: 'What is done stays done. The call that failed is made again.',
          } as const,
        ]
      : []),
    ...(!isOver && !run.paused
      ? [{ path: 'pause', words: 'Pause', says: 'No worker takes it until it is resumed.' } as const]
      : []),
    ...(run.paused ? [{ path: 'resume', words: 'Resume', says: 'A worker takes it again.' } as const] : []),
    ...(!isOver
      ? [
          {
            path: 'cancel',
            words: 'Cancel…',
            says: 'It ends, with its children. What it did outside stays done.',
            isGrave: true,
          } as const,
        ]
      : []),
  ]
  if (actions.length === 0) return null
  return (
    <div className={`${ui.actions} ${css.actions}`}>
      {actions.map((action) => (
        <Button key={action.path} variant="default" onClick={() => setAsked(action)}>
          {action.words}
        </Button>
      ))}
      <Modal
        opened={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={`${asked?.words.replace('…', '') ?? ''} ${run.workflow}?`}
        centered
      >
        <Text mb="md">{asked?.says}</Text>
        {act.error && <Failure error={act.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsked(undefined)}>
            Leave it
          </Button>
          <Button
            {...(asked?.isGrave && { color: 'red.8' })}
            loading={act.isPending}
            onClick={() => asked && act.mutate(asked)}
          >
            {asked?.words.replace('…', '')}
          </Button>
        </Group>
      </Modal>
    </div>
  )
}
