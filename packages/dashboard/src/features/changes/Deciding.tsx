import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { Proposal } from '../../api/types.ts'
import { useKeys } from '../../frame/keys.tsx'
import { Button } from '../../ui/controls/Button.tsx'
import { Textarea } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Form } from '../../ui/Form.tsx'
import { Link } from '../../ui/Link.tsx'
import ui from '../../ui/ui.module.css'
import { adoptWords } from './wording.ts'

type Verb = 'adopt' | 'reject' | 'withdraw'

const asking: Record<'reject' | 'withdraw', { label: string; says: string; act: string }> = {
  reject: { label: 'Why not?', says: 'Kept with the decision. Nothing is changed.', act: 'Reject' },
  withdraw: { label: 'Why?', says: 'What it changed is put back as it was before.', act: 'Withdraw' },
}

/** Adopt, reject, and take back what was adopted; the decision is on what was seen, and on nothing that came since. */
export function Deciding({
  proposal: { id, kind, hash, status, problem },
  onDone,
  children,
}: {
  proposal: Proposal
  /** It is decided: what waits has not been read again yet. */
  onDone?: (() => void) | undefined
  /** Further buttons beside those. */
  children?: ReactNode
}) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const [asked, setAsked] = useState<'reject' | 'withdraw' | undefined>()
  const [why, setWhy] = useState('')
  const decide = useMutation({
    mutationFn: (verb: Verb) =>
      api.proposals[verb]({
        params: { proposal: id },
        body: { hash, ...(why.trim() && { why: why.trim() }) },
        ...newKey(),
      }),
    async onSuccess() {
      setAsked(undefined)
      onDone?.()
      await client.invalidateQueries()
    },
  })
  const may = session !== undefined && session.role !== 'viewer'
  const isOpen = may && status === 'open'
  const canAdopt = isOpen || (may && status === 'adopted' && problem !== null)
  const canWithdraw = may && status === 'adopted'
  const ask = (what: 'reject' | 'withdraw') => {
    setWhy('')
    setAsked(what)
  }
  useKeys([
    ...(canAdopt ? [{ press: 'a', words: 'Adopt it', act: () => decide.mutate('adopt') }] : []),
    ...(isOpen ? [{ press: 'r', words: 'Reject it, with a note', act: () => ask('reject') }] : []),
  ])
  if (!canAdopt && !canWithdraw) return <div className={ui.actions}>{children}</div>
  if (asked)
    return (
      <Form
        act={{ ...decide, mutate: () => decide.mutate(asked) }}
        label={asking[asked].act}
        isGrave
        onBack={() => setAsked(undefined)}
      >
        <Textarea
          label={asking[asked].label}
          description={asking[asked].says}
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
          maxLength={2000}
          rows={2}
          autoFocus
        />
      </Form>
    )
  return (
    <>
      {decide.error && <Failure error={decide.error} />}
      <div className={ui.actions}>
        {canAdopt && (
          <Button loading={decide.isPending} onClick={() => decide.mutate('adopt')}>
            {adoptWords({ kind, status })} <kbd className={ui.key}>a</kbd>
          </Button>
        )}
        {isOpen && (
          <Button variant="default" onClick={() => ask('reject')}>
            Reject… <kbd className={ui.key}>r</kbd>
          </Button>
        )}
        {canWithdraw && (
          <Button variant="default" onClick={() => ask('withdraw')}>
            Withdraw…
          </Button>
        )}
        {kind === 'reconnect' && <Link to="/system/connectors">See the connectors</Link>}
        {children}
      </div>
    </>
  )
}
