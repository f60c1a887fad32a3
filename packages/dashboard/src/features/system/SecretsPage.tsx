import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { secretsQuery, sessionQuery } from '../../api/queries.ts'
import type { Secret } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Confirm } from '../../ui/Confirm.tsx'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, many, since } from '../../ui/words.ts'
import { SecretForm } from './forms/SecretForm.tsx'

type Open = { kind: 'set' } | { kind: 'rotate' | 'delete'; secret: Secret } | undefined

/** What is kept sealed: names and versions. No value is ever shown, to nobody. */
export function SecretsPage() {
  const now = useNow()
  const { data: session } = useQuery(sessionQuery)
  const mayLook = session?.role === 'operator' || session?.role === 'owner'
  const mayChange = session?.role === 'owner'
  const { data, error, refetch } = useQuery({ ...secretsQuery, enabled: mayLook })
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const items = data?.items ?? []
  return (
    <Page
      title={
        mayLook
          ? data
            ? items.length === 0
              ? 'No secret is kept.'
              : `${many(items.length, 'secret is', 'secrets are')} kept, sealed.`
            : 'Secrets'
          : 'Only operators see which secrets are kept.'
      }
      sub={
        mayLook &&
        'Tools open a value at the moment they send it. It is never shown, logged or asked of a model.'
      }
      tabs={tabs.system}
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      {mayChange && (
        <Button variant="default" onClick={() => setOpen({ kind: 'set' })}>
          Add a secret…
        </Button>
      )}
      {data && items.length === 0 && (
        <Empty>
          A key or password of another system is kept here under a name, and tools use it by that name.
        </Empty>
      )}
      <Rows label="Secrets">
        {items.map((secret) => (
          <Row
            key={secret.name}
            title={<Foreign text={secret.name} />}
            under={
              <>
                version {secret.version}, set {clock(secret.setAt, now)} by <Foreign text={secret.setBy} /> ·{' '}
                {secret.usedAt === null ? 'never used' : `used ${since(secret.usedAt, now)} ago`} ·{' '}
                {secret.usedBy && secret.usedBy.length > 0
                  ? `for ${secret.usedBy.join(', ')}`
                  : 'nothing names it'}
              </>
            }
            tag={secret.usedBy?.length === 0 && <Tag tone="plain">not needed</Tag>}
            end={
              mayChange && (
                <span className={ui.actions}>
                  <button
                    type="button"
                    className={ui.act}
                    onClick={() => setOpen({ kind: 'rotate', secret })}
                  >
                    Rotate…<span className="heard"> {secret.name}</span>
                  </button>
                  <button
                    type="button"
                    className={ui.act}
                    onClick={() => setOpen({ kind: 'delete', secret })}
                  >
                    Delete…<span className="heard"> {secret.name}</span>
                  </button>
                </span>
              )
            }
          />
        ))}
      </Rows>
      <Dialog
        opened={open?.kind === 'set' || open?.kind === 'rotate'}
        onClose={close}
        title={open?.kind === 'rotate' ? `A new value for ${open.secret.name}` : 'Keep a secret'}
        size="lg"
      >
        {(open?.kind === 'set' || open?.kind === 'rotate') && (
          <SecretForm name={open.kind === 'rotate' ? open.secret.name : undefined} onDone={close} />
        )}
      </Dialog>
      <Dialog
        opened={open?.kind === 'delete'}
        onClose={close}
        title={open?.kind === 'delete' && `Delete ${open.secret.name}?`}
        size="lg"
      >
        {open?.kind === 'delete' && <DeleteForm secret={open.secret} onDone={close} />}
      </Dialog>
    </Page>
  )
}

function DeleteForm({ secret: { name, usedBy }, onDone }: { secret: Secret; onDone: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => api.secrets.remove({ params: { secret: name }, ...newKey() }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['secrets'] })
    },
  })
  return (
    <Confirm act={remove} label="Delete it" onBack={onDone}>
      {usedBy && usedBy.length > 0
        ? `Calls of ${usedBy.join(', ')} fail from then on, and say so.`
        : 'Nothing of the project names it.'}{' '}
      The value cannot be brought back.
    </Confirm>
  )
}
