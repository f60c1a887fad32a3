import { type ReactNode, useState } from 'react'
import { TextInput } from '../../ui/controls/Inputs.tsx'
import { Form } from '../../ui/Form.tsx'

/** A form for a change of what is known, with why. */
export function ReasonedForm({
  children,
  keptWith,
  action,
  isGrave,
  isReady,
  act,
  onDone,
}: {
  children: ReactNode
  /** What the reason is kept with, for people. */
  keptWith: string
  /** What the button says. */
  action: string
  /** Whether something is no longer found afterwards. */
  isGrave: boolean
  /** Whether all but the reason is there. */
  isReady: boolean
  act: { mutate: (why: string) => void; isPending: boolean; error: Error | null }
  onDone: () => void
}) {
  const [why, setWhy] = useState('')
  const sent = { ...act, mutate: () => act.mutate(why.trim()) }
  return (
    <Form act={sent} label={action} isReady={why.trim() !== '' && isReady} isGrave={isGrave} onBack={onDone}>
      {children}
      <TextInput
        label="Why"
        description={`Kept with ${keptWith}.`}
        value={why}
        onChange={(event) => setWhy(event.currentTarget.value)}
      />
    </Form>
  )
}
