import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { Account, Connector } from '../../api/types.ts'
import { Confirm } from '../../ui/Confirm.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Empty, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, many, since } from '../../ui/words.ts'
import { ConnectForm } from './ConnectForm.tsx'
import css from './Connectors.module.css'
import { ContractChange } from './ContractChange.tsx'
import { heldUpBy, ratesOf, states } from './standing.ts'

/** Which API of the service it speaks; many name theirs "v2", some "Web API". */
function apiWords(version: string): string {
  return /\bAPI\b/.test(version) ? `their ${version}` : `their API ${version}`
}

/** A service with its accounts, and what of it an owner has not accepted yet. */
export function ConnectorSection({ connector, now }: { connector: Connector; now: number }) {
  const { name, title, version, vendorApi, mode, isForced, actions, triggers, accounts, isAccepted } =
    connector
  const { data: session } = useQuery(sessionQuery)
  const [isAdding, setAdding] = useState(false)
  const mayConnect = session?.role === 'owner' && connector.fields.length > 0
  return (
    <Section
      title={
        <span className={css.heading}>
          <Foreign text={title} />
          {mode === 'sandbox' && (
            <Tag tone="plain">{isForced ? 'sandbox, with all of the project' : 'sandbox'}</Tag>
          )}
        </span>
      }
    >
      <p className={css.facts}>
        <Foreign
          text={`${name === connector.connector ? '' : `${name} · `}version ${version} · ${apiWords(vendorApi)} · ${many(actions.length, 'action').toLowerCase()}${triggers.length > 0 ? `, ${many(triggers.length, 'trigger').toLowerCase()}` : ''}`}
        />
      </p>
      {!isAccepted && <ContractChange name={name} mayAccept={session?.role === 'owner'} />}
      {accounts.length === 0 ? (
        <Empty>
          {mayConnect ? (
            <button type="button" className={ui.act} onClick={() => setAdding(true)}>
              Connect an account…<span className="heard"> of {title}</span>
            </button>
          ) : (
            <>
              No account is connected: <code>npx reeve connect {name}</code>
            </>
          )}
        </Empty>
      ) : (
        <Rows label={`Accounts of ${title}`}>
          {accounts.map((account) => (
            <AccountRow
              key={`${account.account} ${account.mode}`}
              connector={connector}
              account={account}
              role={session?.role}
              now={now}
            />
          ))}
        </Rows>
      )}
      <Dialog
        opened={isAdding}
        onClose={() => setAdding(false)}
        title={<Foreign text={`Connect ${title}`} />}
        size="lg"
      >
        <ConnectForm connector={connector} account={undefined} onDone={() => setAdding(false)} />
      </Dialog>
    </Section>
  )
}

function AccountRow({
  connector,
  account,
  role,
  now,
}: {
  connector: Connector
  account: Account
  role: string | undefined
  now: number
}) {
  const { name, title, fields } = connector
  const { account: its, state, reason, identity, isStandIn, waiting, probedAt } = account
  const client = useQueryClient()
  const [open, setOpen] = useState<'connect' | 'disconnect' | undefined>()
  const close = () => setOpen(undefined)
  const renew = () => client.invalidateQueries({ queryKey: ['connectors'] })
  const params = { connector: name, account: its }
  const look = useMutation({
    mutationFn: () => api.connectors.test({ params, ...newKey() }),
    onSettled: renew,
  })
  const { words, tone } = states[state]
  const held = heldUpBy(account, now)
  const rates = ratesOf(account)
  const isConnected = account.connectedAt !== null
  return (
    <Row
      title={
        <>
          <Foreign text={its} />
          {identity !== null && (
            <span className={css.identity}>
              {' '}
              <Foreign text={identity} />
            </span>
          )}
        </>
      }
      under={
        <>
          {reason !== null && (
            <span className={css.reason}>
              <Foreign text={reason} />
            </span>
          )}
          {waiting > 0 && `${many(waiting, 'call waits', 'calls wait')} for it. `}
          {held !== undefined && `${held}. `}
          {isStandIn
            ? 'A stand-in on this machine answers in its place'
            : account.connectedAt === null
              ? 'never connected'
              : `connected ${clock(account.connectedAt, now)} by ${account.connectedBy}`}
          {probedAt !== null && ` · looked at ${since(probedAt, now)} ago`}
          {rates !== '' && ` · ${rates}`}
          {look.error && <Failure error={look.error} />}
          {state === 'needs-reconnect' && fields.length === 0 && (
            <span className={css.reason}>
              Sign in there again: <code>npx reeve connect {name}</code>
            </span>
          )}
        </>
      }
      tag={<Tag tone={tone}>{words}</Tag>}
      end={
        (role === 'operator' || role === 'owner') && (
          <span className={ui.actions}>
            <button type="button" className={ui.act} disabled={look.isPending} onClick={() => look.mutate()}>
              {look.isPending ? 'Testing…' : 'Test now'}
              <span className="heard">
                {' '}
                at {its} of {title}
              </span>
            </button>
            {role === 'owner' && fields.length > 0 && !isStandIn && (
              <button type="button" className={ui.act} onClick={() => setOpen('connect')}>
                {isConnected ? 'Reconnect…' : 'Connect…'}
                <span className="heard">
                  {' '}
                  {its} of {title}
                </span>
              </button>
            )}
            {role === 'owner' && isConnected && (
              <button type="button" className={ui.act} onClick={() => setOpen('disconnect')}>
                Disconnect…
                <span className="heard">
                  {' '}
                  {its} of {title}
                </span>
              </button>
            )}
            <Dialog
              opened={open === 'connect'}
              onClose={close}
              title={<Foreign text={`Connect ${its} of ${title}`} />}
              size="lg"
            >
              <ConnectForm connector={connector} account={its} onDone={close} />
            </Dialog>
            <Dialog
              opened={open === 'disconnect'}
              onClose={close}
              title={<Foreign text={`Disconnect ${its} of ${title}?`} />}
              size="lg"
            >
              <DisconnectForm params={params} waiting={waiting} onDone={close} />
            </Dialog>
          </span>
        )
      }
    />
  )
}

function DisconnectForm({
  params,
  waiting,
  onDone,
}: {
  params: { connector: string; account: string }
  waiting: number
  onDone: () => void
}) {
  const client = useQueryClient()
  const end = useMutation({
    mutationFn: () => api.connectors.disconnect({ params, ...newKey() }),
    async onSuccess() {
      onDone()
      await client.invalidateQueries({ queryKey: ['connectors'] })
    },
  })
  return (
    <Confirm act={end} label="Disconnect it" onBack={onDone}>
      Its credential is deleted here, and calls to it wait until somebody connects it again
      {waiting > 0 && `; ${many(waiting, 'waits', 'wait').toLowerCase()} already`}. At the service itself it
      stays good: take it back there, too.
    </Confirm>
  )
}
