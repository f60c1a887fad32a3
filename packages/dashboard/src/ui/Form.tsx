import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button, Buttons } from './controls/Button.tsx'
import { Failure } from './Failure.tsx'
import ui from './ui.module.css'

/**
 * Every form: its fields, what went wrong when it was sent, and the button that sends it, last. It is sent once at a time, and
 * only when it is ready.
 */
export function Form({
  act,
  label,
  isReady = true,
  isGrave = false,
  isPrivate = false,
  onBack,
  children,
}: {
  act: Pick<UseMutationResult<unknown, Error, void>, 'error' | 'isPending' | 'mutate'>
  /** Of the button: the verb, and its object where the title does not name it. */
  label: string
  isReady?: boolean
  /** What it does cannot be taken back. */
  isGrave?: boolean
  /** No browser offers what was typed here before. */
  isPrivate?: boolean
  /** A way to leave it, where nothing around it has one. */
  onBack?: () => void
  children: ReactNode
}) {
  return (
    <form
      className={ui.form}
      autoComplete={isPrivate ? 'off' : undefined}
      onSubmit={(event) => {
        event.preventDefault()
        // Enter in a field sends a form whose button cannot be pressed yet in some browsers.
        if (isReady && !act.isPending) act.mutate()
      }}
    >
      {children}
      {act.error && <Failure error={act.error} />}
      <Buttons>
        {onBack && (
          <Button variant="default" onClick={onBack}>
            Back
          </Button>
        )}
        <Button type="submit" tone={isGrave ? 'bad' : undefined} loading={act.isPending} disabled={!isReady}>
          {label}
        </Button>
      </Buttons>
    </form>
  )
}
