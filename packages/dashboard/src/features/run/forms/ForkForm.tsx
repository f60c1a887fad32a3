import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, newKey } from '../../../api/client.ts'
import { forkPlanQuery, inputQuery, workflowsQuery } from '../../../api/queries.ts'
import { serverNow } from '../../../api/server-time.ts'
import type { Json, RunWhole } from '../../../api/types.ts'
import { Checkbox } from '../../../ui/controls/Inputs.tsx'
import { Failure } from '../../../ui/Failure.tsx'
import { Form } from '../../../ui/Form.tsx'
import { InputForm, isInputFinished } from '../../../ui/fields/InputForm.tsx'
import ui from '../../../ui/ui.module.css'
import { clock, many } from '../../../ui/words.ts'

/** A new run that shares this one's journal up to a call, with the input as it was or another one. What it will do is said first. */
export function ForkForm({ run, from, name }: { run: RunWhole; from: number; name: string }) {
  const navigate = useNavigate()
  const { data: plan, error } = useQuery(forkPlanQuery(run.id, from))
  const { data: given } = useQuery(inputQuery(run.id))
  const { data: workflows } = useQuery(workflowsQuery)
  const schema = workflows?.items.find((one) => one.name === run.workflow)?.input ?? null
  const [edited, setEdited] = useState<unknown>()
  const [isEditing, setEditing] = useState(false)
  const [repeats, setRepeats] = useState(false)
  const value = edited === undefined ? given?.input : edited
  const isChanged = isEditing && JSON.stringify(value) !== JSON.stringify(given?.input)
  const sent = plan?.repeats.filter(({ isAsked }) => !isAsked) ?? []
  const fork = useMutation({
    mutationFn: () =>
      api.runs.fork({
        params: { run: run.id },
        body: { from, repeatEffects: repeats, ...(isChanged && { input: value as Json }) },
        ...newKey(),
      }),
    onSuccess: ({ id }) => navigate({ to: '/runs/$run', params: { run: id } }),
  })
  return (
    <Form
      act={fork}
      label="Fork"
      isReady={
        plan !== undefined && (sent.length === 0 || repeats) && (!isEditing || isInputFinished(value, schema))
      }
    >
      <p className={ui.soft} style={{ margin: 0 }}>
        A new run begins with what this one did before call {plan?.from ?? from} ({name}), and goes its own
        way from there. This run stays as it is.
        {plan &&
          plan.from < from &&
          ` It begins earlier than asked: a decision that was not acted upon stands there.`}
        {plan &&
          plan.asksAgain.length > 0 &&
          ` ${many(plan.asksAgain.length, 'approval is', 'approvals are')} asked again.`}
      </p>
      {error && <Failure error={error} />}
      <Checkbox
        label="Give it another input"
        description="Calls before keep their results. One that would now be made with other arguments makes the new run stuck: to do all anew, fork from the first call."
        checked={isEditing}
        onChange={(event) => setEditing(event.currentTarget.checked)}
      />
      {isEditing && given && <InputForm schema={schema} value={value} onChange={setEdited} />}
      {sent.length > 0 && (
        <Checkbox
          label={`Send again what was sent: ${sent.map(({ name: effect, sentAt }) => `${effect}, ${clock(sentAt, serverNow())}`).join('; ')}`}
          description="Nobody is asked before. Without it nothing is forked."
          checked={repeats}
          onChange={(event) => setRepeats(event.currentTarget.checked)}
        />
      )}
    </Form>
  )
}
