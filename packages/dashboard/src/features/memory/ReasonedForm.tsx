import { type ReactNode, useState } from 'react'
import { Button, Buttons } from '../../ui/controls/Button.tsx'
import { TextInput } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import css from './Memory.module.css'

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
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(why.trim())
      }}
    >
      {children}
      <TextInput
        label="Why"
        description={`Kept with ${keptWith}.`}
        value={why}
        onChange={(event) => setWhy(event.currentTarget.value)}
      />
      {act.error && <Failure error={act.error} />}
      <Buttons>
        <Button variant="default" onClick={onDone}>
          Leave it
        </Button>
        <Button
          type="submit"
          {...(isGrave && { tone: 'bad' })}
          loading={act.isPending}
          disabled={why.trim() === '' || !isReady}
        >
          {action}
        </Button>
      </Buttons>
    </form>
  )
}
