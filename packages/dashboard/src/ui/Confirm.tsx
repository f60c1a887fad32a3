import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from './controls/Button.tsx'
import { Failure } from './Failure.tsx'
import ui from './ui.module.css'

/** Says what comes of an act, and does it when somebody says so. */
export function Confirm({
  act,
  label,
  onBack,
  children,
}: {
  act: Pick<UseMutationResult<unknown, Error, void>, 'error' | 'isPending' | 'mutate'>
  label: string
  onBack: () => void
  children: ReactNode
}) {
  return (
    <div className={ui.form}>
      <p style={{ margin: 0 }}>{children}</p>
      {act.error && <Failure error={act.error} />}
      <div className={ui.actions}>
        <Button tone="bad" loading={act.isPending} onClick={() => act.mutate()}>
          {label}
        </Button>
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
      </div>
    </div>
  )
}
