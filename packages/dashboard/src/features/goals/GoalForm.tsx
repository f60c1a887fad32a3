import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import type { Goal } from '../../api/types.ts'
import { TextInput } from '../../ui/controls/Inputs.tsx'
import { Form } from '../../ui/Form.tsx'
import { measureWords } from './standing.ts'

/** Changes what a goal must reach, when it is looked at again, and who answers for it, over what the code says. */
export function GoalForm({ goal, onDone }: { goal: Goal; onDone: () => void }) {
  const client = useQueryClient()
  const isLeast = 'atLeast' in goal.target
  const before = String('atLeast' in goal.target ? goal.target.atLeast : goal.target.atMost)
  const [value, setValue] = useState(before)
  const [review, setReview] = useState(goal.review)
  const [owner, setOwner] = useState(goal.owner)
  const [why, setWhy] = useState('')
  const number = Number(value)
  const isNumber = value.trim() !== '' && Number.isFinite(number)
  const body = {
    ...(value !== before && { target: isLeast ? { atLeast: number } : { atMost: number } }),
    ...(review !== goal.review && { review }),
    ...(owner.trim() !== goal.owner && { owner: owner.trim() }),
  }
  const change = useMutation({
    mutationFn: () =>
      api.goals.set({
        params: { goal: goal.name },
        body: { ...body, ...(why.trim() && { why: why.trim() }) },
        ...newKey(),
      }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['runs'] })
    },
  })
  return (
    <Form
      act={change}
      label="Change goal"
      isReady={isNumber && review !== '' && owner.trim() !== '' && Object.keys(body).length > 0}
    >
      <TextInput
        label={`${measureWords(goal)}, ${isLeast ? 'at least' : 'at most'}`}
        description="Rates are between 0 and 1."
        inputMode="decimal"
        value={value}
        error={isNumber ? undefined : 'It must be a number.'}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <TextInput
        label="Review date"
        type="date"
        value={review}
        onChange={(event) => setReview(event.currentTarget.value)}
      />
      <TextInput label="Owner" value={owner} onChange={(event) => setOwner(event.currentTarget.value)} />
      <TextInput label="Why" value={why} onChange={(event) => setWhy(event.currentTarget.value)} />
    </Form>
  )
}
