import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import { serverNow } from '../../api/server-time.ts'
import type { Budget } from '../../api/types.ts'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { TextInput } from '../../ui/controls/Inputs.tsx'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Form } from '../../ui/Form.tsx'
import ui from '../../ui/ui.module.css'
import { money } from '../../ui/words.ts'

/** What may be spent at most; an owner changes it here, and who did is kept. */
export function Ceilings({ budgets }: { budgets: Budget[] }) {
  const { data: session } = useQuery(sessionQuery)
  const [chosen, setChosen] = useState<Budget | undefined>()
  const today = `day:${new Date(serverNow()).toISOString().slice(0, 10)}`
  const isShown = ({ scope }: Budget) =>
    (!scope.startsWith('day:') || scope === today) && !scope.startsWith('run:')
  const shown = budgets.filter((budget) => budget.ceilingUsd !== null && isShown(budget))
  const words = (scope: string) =>
    scope === today ? 'Today' : scope === 'project' ? 'The whole project' : scope.replace(':', ' ')
  if (shown.length === 0) return null
  return (
    <>
      <Figures>
        {shown.slice(0, 6).map((budget) => {
          const { scope, ceilingUsd, spentUsd, reservedUsd } = budget
          const part = ceilingUsd! > 0 ? (spentUsd + reservedUsd) / ceilingUsd! : 1
          return (
            <Figure
              key={scope}
              title={words(scope)}
              value={money(spentUsd)}
              of={`of ${money(ceilingUsd!)}`}
              part={part}
              tone={part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : undefined}
            >
              {part >= 1
                ? 'The ceiling is reached: paid models are not asked.'
                : `${money(Math.max(0, ceilingUsd! - spentUsd - reservedUsd))} left.`}
              {reservedUsd > 0 && ` ${money(reservedUsd)} is held back for calls under way.`}{' '}
              {session?.role === 'owner' && (
                <button type="button" className={ui.link} onClick={() => setChosen(budget)}>
                  Change…<span className="heard"> the ceiling of {words(scope)}</span>
                </button>
              )}
            </Figure>
          )
        })}
      </Figures>
      <Dialog
        opened={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        title={chosen && `The ceiling of ${words(chosen.scope)}`}
      >
        {chosen && <CeilingForm key={chosen.scope} budget={chosen} onDone={() => setChosen(undefined)} />}
      </Dialog>
    </>
  )
}

function CeilingForm({ budget, onDone }: { budget: Budget; onDone: () => void }) {
  const client = useQueryClient()
  const [text, setText] = useState(String(budget.ceilingUsd ?? ''))
  const [why, setWhy] = useState('')
  const ceilingUsd = Number(text)
  const isAmount = text.trim() !== '' && Number.isFinite(ceilingUsd) && ceilingUsd >= 0
  const change = useMutation({
    mutationFn: () =>
      api.budgets.set({
        params: { scope: budget.scope },
        body: { ceilingUsd, ...(why.trim() && { why: why.trim() }) },
        ...newKey(),
      }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries()
    },
  })
  return (
    <Form act={change} label="Set ceiling" isReady={isAmount}>
      <TextInput
        label="US dollars"
        description="It counts from the next question on. When a worker starts, what reeve.config.ts says counts again."
        inputMode="decimal"
        value={text}
        error={isAmount ? undefined : 'It must be an amount, such as 2.50.'}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <TextInput label="Why" value={why} onChange={(event) => setWhy(event.currentTarget.value)} />
    </Form>
  )
}
