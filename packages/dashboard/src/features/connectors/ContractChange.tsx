import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { connectorDiffQuery } from '../../api/queries.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import ui from '../../ui/ui.module.css'
import css from './Connectors.module.css'

/** What a connector is now against what was accepted last. Runs that began before go on with what they know. */
export function ContractChange({ name, mayAccept }: { name: string; mayAccept: boolean }) {
  const client = useQueryClient()
  const { data, error } = useQuery(connectorDiffQuery(name))
  const accept = useMutation({
    mutationFn: () => api.connectors.accept({ params: { connector: name }, body: {}, ...newKey() }),
    onSuccess: () => client.invalidateQueries(),
  })
  return (
    <div className={ui.card}>
      <p className={css.asked}>
        {data?.from
          ? `Version ${data.from} was accepted; this is ${data.to}.`
          : 'It is not what was accepted.'}{' '}
        Calls wait until an owner says yes.
      </p>
      {error && <Failure error={error} />}
      <ul className={css.changes} aria-label="What changed">
        {data?.changes.map(({ path, before, after }) => (
          <li key={path}>
            <code className={ui.code}>
              <Foreign text={path} />
            </code>{' '}
            <del>
              <Foreign text={shown(before)} />
            </del>{' '}
            <ins>
              <Foreign text={shown(after)} />
            </ins>
          </li>
        ))}
      </ul>
      {accept.error && <Failure error={accept.error} />}
      {mayAccept && (
        <Button loading={accept.isPending} onClick={() => accept.mutate()}>
          Accept it
        </Button>
      )}
    </div>
  )
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
