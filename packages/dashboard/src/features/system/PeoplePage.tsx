import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { principalsQuery, sessionQuery } from '../../api/queries.ts'
import type { Principal } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Confirm } from '../../ui/Confirm.tsx'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Select } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Page, Section } from '../../ui/Page.tsx'
import { Row, Rows } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, many } from '../../ui/words.ts'
import { AddPrincipalForm } from './forms/AddPrincipalForm.tsx'
import { roles, roleWords } from './roles.ts'
import { Tokens } from './Tokens.tsx'

type Open = { kind: 'add' } | { kind: 'remove' | 'link'; principal: Principal } | undefined

/** Who may sign in and which programs may ask, and the ways to let them in and to keep them out. */
export function PeoplePage() {
  const now = useNow()
  const { data: session } = useQuery(sessionQuery)
  const isOwner = session?.role === 'owner'
  const { data, error, refetch } = useQuery({ ...principalsQuery, enabled: isOwner })
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const items = data?.items ?? []
  return (
    <Page title={titleOf(data && items, isOwner)} tabs={tabs.system}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {isOwner && (
        <>
          <Button variant="default" onClick={() => setOpen({ kind: 'add' })}>
            Add a person or a program…
          </Button>
          <Section title="People and programs">
            <Rows label="People and programs">
              {items.map((principal) => (
                <PrincipalLine
                  key={principal.name}
                  principal={principal}
                  isSelf={principal.name === session.principal}
                  now={now}
                  onAsk={(kind) => setOpen({ kind, principal })}
                />
              ))}
            </Rows>
          </Section>
        </>
      )}
      <Tokens now={now} />
      <Dialog opened={open?.kind === 'add'} onClose={close} title="Add a person or a program" size="lg">
        {open?.kind === 'add' && <AddPrincipalForm onDone={close} />}
      </Dialog>
      <Dialog
        opened={open?.kind === 'link'}
        onClose={close}
        title={open?.kind === 'link' && `A link for ${open.principal.name}`}
        size="lg"
      >
        {open?.kind === 'link' && <LinkForm principal={open.principal} />}
      </Dialog>
      <Dialog
        opened={open?.kind === 'remove'}
        onClose={close}
        title={open?.kind === 'remove' && `Keep ${open.principal.name} out?`}
        size="lg"
      >
        {open?.kind === 'remove' && <RemoveForm principal={open.principal} onDone={close} />}
      </Dialog>
    </Page>
  )
}

function titleOf(items: readonly Principal[] | undefined, isOwner: boolean): string {
  if (!isOwner) return 'Your programs'
  if (!items) return 'People and programs'
  const people = items.filter(({ kind }) => kind === 'person').length
  const programs = items.length - people
  const parts = [
    many(people, 'person may sign in', 'people may sign in'),
    ...(programs === 0 ? [] : [many(programs, 'program may ask', 'programs may ask').toLowerCase()]),
  ]
  return `${parts.join('; ')}.`
}

function PrincipalLine({
  principal: { name, kind, role, createdAt, createdBy },
  isSelf,
  now,
  onAsk,
}: {
  principal: Principal
  isSelf: boolean
  now: number
  onAsk: (kind: 'remove' | 'link') => void
}) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (to: Principal['role']) =>
      api.principals.change({ params: { principal: name }, body: { role: to }, ...newKey() }),
    onSuccess: () => client.invalidateQueries(),
  })
  return (
    <Row
      title={
        <>
          <Foreign text={name} />
          {isSelf && ', you'}
        </>
      }
      under={
        <>
          {kind === 'person' ? 'a person' : 'a program'} · {role}: {roleWords[role]} · since{' '}
          {clock(createdAt, now)}, by <Foreign text={createdBy} />
          {change.error && <Failure error={change.error} />}
        </>
      }
      end={
        <span className={ui.actions}>
          {!isSelf && (
            <Select
              aria-label={`Role of ${name}`}
              value={role}
              data={[...roles]}
              disabled={change.isPending}
              onChange={(event) => change.mutate(event.currentTarget.value as Principal['role'])}
            />
          )}
          {kind === 'person' && (
            <button type="button" className={ui.act} onClick={() => onAsk('link')}>
              Link…<span className="heard"> to sign in for {name}</span>
            </button>
          )}
          {!isSelf && (
            <button type="button" className={ui.act} onClick={() => onAsk('remove')}>
              Remove…<span className="heard"> {name}</span>
            </button>
          )}
        </span>
      }
    />
  )
}

/** Made once, for one use: who opens it first is signed in. */
function LinkForm({ principal: { name } }: { principal: Principal }) {
  const make = useMutation({
    mutationFn: () => api.principals.link({ params: { principal: name }, ...newKey() }),
  })
  return (
    <div className={ui.form}>
      <p style={{ margin: 0 }}>
        Whoever opens it first is signed in as <Foreign text={name} />. It is good once, for 15 minutes, and
        is shown only here.
      </p>
      {make.error && <Failure error={make.error} />}
      {make.data?.path ? (
        <pre className={ui.text}>{`${window.location.origin}${make.data.path}`}</pre>
      ) : (
        <div>
          <Button loading={make.isPending} onClick={() => make.mutate()}>
            Make the link
          </Button>
        </div>
      )}
    </div>
  )
}

function RemoveForm({ principal: { name }, onDone }: { principal: Principal; onDone: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => api.principals.remove({ params: { principal: name }, ...newKey() }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries()
    },
  })
  return (
    <Confirm act={remove} label="Remove" onBack={onDone}>
      Its sessions and tokens count no more from the next request on. What it did stays in the log; an owner
      can bring it back.
    </Confirm>
  )
}
