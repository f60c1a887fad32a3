import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { tokensQuery } from '../../api/queries.ts'
import type { Token } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Empty, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, since } from '../../ui/words.ts'
import { TokenForm } from './forms/TokenForm.tsx'

/** Which programs may ask, and the way to stop one. */
export function Tokens({ now }: { now: number }) {
  const { data } = useQuery(tokensQuery)
  const [isMaking, setMaking] = useState(false)
  if (!data) return null
  return (
    <Section title="Tokens of programs">
      <p>
        <Button variant="default" onClick={() => setMaking(true)}>
          Create a token…
        </Button>
      </p>
      {data.items.length === 0 ? (
        <Empty>No program has one. A token lets a program ask over HTTP what the page asks.</Empty>
      ) : (
        <Rows label="Tokens of programs">
          {data.items.map((token) => (
            <TokenLine key={token.id} token={token} now={now} />
          ))}
        </Rows>
      )}
      <Dialog opened={isMaking} onClose={() => setMaking(false)} title="A token for a program" size="lg">
        {isMaking && <TokenForm onDone={() => setMaking(false)} />}
      </Dialog>
    </Section>
  )
}

function TokenLine({ token, now }: { token: Token; now: number }) {
  const { id, name, principal, role, createdAt, usedAt, expiresAt, revokedAt } = token
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => api.tokens.revoke({ params: { token: id }, ...newKey() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  const isOver = revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) < now)
  return (
    <Row
      title={<Foreign text={name} />}
      under={
        <>
          {principal}, {role} · made {clock(createdAt, now)} ·{' '}
          {usedAt === null ? 'never used' : `used ${since(usedAt, now)} ago`}
          {expiresAt !== null && ` · until ${clock(expiresAt, now)}`}
          {revoke.error && ` · ${revoke.error.message}`}
        </>
      }
      tag={isOver ? <Tag tone="plain">{revokedAt === null ? 'expired' : 'revoked'}</Tag> : null}
      end={
        !isOver && (
          <button
            type="button"
            className={ui.act}
            disabled={revoke.isPending}
            onClick={() => revoke.mutate()}
          >
            Revoke<span className="heard"> {name}</span>
          </button>
        )
      }
    />
  )
}
