import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, newKey } from '../../../api/client.ts'
import { undoPlanQuery } from '../../../api/queries.ts'
import { serverNow } from '../../../api/server-time.ts'
import type { RunWhole, UndoPlan } from '../../../api/types.ts'
import { Button, Buttons } from '../../../ui/controls/Button.tsx'
import { Failure } from '../../../ui/Failure.tsx'
import { Foreign } from '../../../ui/Foreign.tsx'
import { Value } from '../../../ui/fields/Field.tsx'
import { Link } from '../../../ui/Link.tsx'
import { Row, Rows, Tag, type Tone } from '../../../ui/Rows.tsx'
import ui from '../../../ui/ui.module.css'
import { clock, many } from '../../../ui/words.ts'

const states: Record<UndoPlan['steps'][number]['state'], { words: string; tone: Tone }> = {
  open: { words: 'will be undone', tone: 'good' },
  impossible: { words: 'stays', tone: 'warn' },
  undoing: { words: 'is being undone', tone: 'plain' },
  undone: { words: 'was undone', tone: 'plain' },
}

/** What a run did outside, the last first: what would be undone, what cannot be and why; then undoes it as a run of its own. */
export function UndoForm({ run, onClose }: { run: RunWhole; onClose: () => void }) {
  const navigate = useNavigate()
  const { data: plan, error } = useQuery(undoPlanQuery(run.id))
  const undo = useMutation({
    mutationFn: (hash: string) =>
      api.runs.undo({ params: { run: run.id }, body: { plan: hash }, ...newKey() }),
    onSuccess({ id }) {
      onClose()
      return navigate({ to: '/runs/$run', params: { run: id } })
    },
  })
  if (error) return <Failure error={error} />
  if (!plan) return null
  return (
    <div style={{ display: 'grid', gap: 14 }}>
      <p style={{ margin: 0 }}>{sentenceOf(plan)}</p>
      <Rows label="What it did outside, the last first">
        {plan.steps.map((step) => (
          <UndoLine key={`${step.runId} ${step.call}`} step={step} isElsewhere={step.runId !== run.id} />
        ))}
      </Rows>
      {plan.gaps.map((gap) => (
        <p key={gap} className={ui.soft} style={{ margin: 0 }}>
          <Foreign text={gap} />
        </p>
      ))}
      {undo.error && <Failure error={undo.error} />}
      <Buttons>
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        {plan.open > 0 && (
          <Button tone="bad" loading={undo.isPending} onClick={() => undo.mutate(plan.hash)}>
            {plan.open === 1 ? 'Undo it' : `Undo these ${plan.open}`}
          </Button>
        )}
      </Buttons>
    </div>
  )
}

function sentenceOf({ steps, open }: UndoPlan): string {
  if (steps.length === 0) return 'It changed nothing outside: there is nothing to undo.'
  const rest = steps.length - open
  const left = rest === 0 ? '' : ` ${many(rest, 'other stays as it is', 'others stay as they are')}.`
  if (open === 0) return `Nothing of it can be undone.${left}`
  return `${many(open, 'effect is', 'effects are')} undone, the last first, as a run of its own that goes on after a crash.${left}`
}

function UndoLine({ step, isElsewhere }: { step: UndoPlan['steps'][number]; isElsewhere: boolean }) {
  const { tool, at, args, state, why, until, byRunId: by, workflow, runId: run } = step
  const now = serverNow()
  return (
    <Row
      title={<Foreign text={tool} />}
      tag={<Tag tone={states[state].tone}>{states[state].words}</Tag>}
      end={clock(at, now)}
      under={
        <>
          {isElsewhere && (
            <>
              by <Foreign text={workflow} />, <span className={ui.code}>{run}</span>.{' '}
            </>
          )}
          {why !== null && <Foreign text={why} />}
          {state === 'open' && (until === null ? 'At any time.' : `Until ${clock(until, now)}.`)}{' '}
          {by !== null && (
            <Link to="/runs/$run" params={{ run: by }}>
              The run that {state === 'undone' ? 'did it' : 'is at it'}
            </Link>
          )}
          {args !== undefined && (
            <details>
              <summary>what it was handed</summary>
              <Value value={args} />
            </details>
          )}
        </>
      }
    />
  )
}
