import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { RunWhole } from '../../api/types.ts'
import { Button, Buttons } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import ui from '../../ui/ui.module.css'
import css from './Run.module.css'
import type { Bar } from './timeline.ts'

// What somebody may ask for comes when it is asked for.
const RunForm = lazy(() => import('./forms/RunForm.tsx'))

interface Action {
  path: 'cancel' | 'pause' | 'resume' | 'retry'
  words: string
  /** What will happen, for the question before it. */
  says: string
  isGrave?: true
}

const ended = ['succeeded', 'failed', 'cancelled']

export type Form =
  | { kind: 'fork'; from: number; name: string }
  | { kind: 'signal' }
  | { kind: 'override'; call?: number }
  | { kind: 'compare' }
  | { kind: 'undo' }

interface RunForms {
  form: Form | undefined
  open: (form: Form) => void
  close: () => void
}

/** Which form of a run is open: a call below can open one, too. Another run has none. */
export function useRunForms(run: RunWhole | undefined): RunForms {
  const [asked, setAsked] = useState<{ run: string; form: Form } | undefined>()
  return {
    form: asked?.run === run?.id ? asked?.form : undefined,
    open: (form) => run && setAsked({ run: run.id, form }),
    close: () => setAsked(undefined),
  }
}

/** What can be done about a run as it stands. Each says first what will happen. */
export function RunActions({
  run,
  forms,
  bars = [],
}: {
  run: RunWhole
  /** Without them only what changes the run itself is offered. */
  forms?: RunForms
  bars?: readonly Bar[]
}) {
  const [firstCall] = bars
  const [asked, setAsked] = useState<Action | undefined>()
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const act = useMutation({
    mutationFn({ path }: Action) {
      const what = { params: { run: run.id }, ...newKey() }
      return path === 'retry' ? api.runs.retry({ ...what, body: {} }) : api.runs[path](what)
    },
    async onSuccess() {
      setAsked(undefined)
      await client.invalidateQueries()
    },
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  const actions = may ? actionsOf(run) : []
  const isOver = ended.includes(run.status)
  if (actions.length === 0 && !forms) return null
  return (
    <div className={`${ui.actions} ${css.actions}`}>
      {actions.map((action) => (
        <Button key={action.path} variant="default" onClick={() => setAsked(action)}>
          {action.words}
        </Button>
      ))}
      {forms && may && !isOver && (
        <Button variant="default" onClick={() => forms.open({ kind: 'signal' })}>
          Signal…
        </Button>
      )}
      {forms && may && !isOver && (
        <Button variant="default" onClick={() => forms.open({ kind: 'override' })}>
          Override…
        </Button>
      )}
      {forms && may && firstCall && (
        <Button
          variant="default"
          onClick={() => forms.open({ kind: 'fork', from: firstCall.call, name: firstCall.name })}
        >
          Fork…
        </Button>
      )}
      {forms && may && isOver && firstCall && (
        <Button variant="default" onClick={() => forms.open({ kind: 'undo' })}>
          Undo…
        </Button>
      )}
      {forms && (
        <Button variant="default" onClick={() => forms.open({ kind: 'compare' })}>
          Compare…
        </Button>
      )}
      <Dialog
        opened={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={`${asked?.words.replace('…', '') ?? ''} ${run.workflow}?`}
      >
        <p>{asked?.says}</p>
        {act.error && <Failure error={act.error} />}
        <Buttons>
          <Button variant="default" onClick={() => setAsked(undefined)}>
            Back
          </Button>
          <Button
            {...(asked?.isGrave && { tone: 'bad' })}
            loading={act.isPending}
            onClick={() => asked && act.mutate(asked)}
          >
            {asked?.words.replace('…', '')}
          </Button>
        </Buttons>
      </Dialog>
      {forms?.form && (
        <Suspense>
          <RunForm run={run} form={forms.form} bars={bars} onClose={forms.close} />
        </Suspense>
      )}
    </div>
  )
}

function actionsOf(run: RunWhole): Action[] {
  const isOver = ended.includes(run.status)
  const actions: (Action | false)[] = [
    (run.status === 'failed' || run.status === 'stuck') && {
      path: 'retry',
      words: 'Retry',
      says: 'What is done stays done. The call that failed is made again.',
    },
    !isOver &&
      !run.paused && { path: 'pause', words: 'Pause', says: 'No worker takes it until it is resumed.' },
    run.paused && { path: 'resume', words: 'Resume', says: 'A worker takes it again.' },
    !isOver && {
      path: 'cancel',
      words: 'Cancel…',
      says: 'It ends, with its children. What it did outside stays done.',
      isGrave: true,
    },
  ]
  return actions.filter((action) => action !== false)
}
