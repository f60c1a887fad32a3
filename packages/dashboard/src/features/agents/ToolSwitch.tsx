import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { Switch } from '../../api/types.ts'
import css from './Agents.module.css'

const modes = { off: 'off', ask: 'ask', allow: 'as granted' } as const
type Mode = keyof typeof modes

/** Off, ask, or as the grants say, for the calls of one tool by one agent. Only an owner takes a switch away. */
export function ToolSwitch({ agent, tool, switches }: { agent: string; tool: string; switches: Switch[] }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const own = switches.find((one) => one.agent === agent && one.tool === tool)
  // One that is set for the tool, its connector, the agent or everything counts here, too.
  const wider = switches.find(
    (one) =>
      one !== own &&
      (one.agent === null || one.agent === agent) &&
      (one.tool === null || one.tool === tool) &&
      (one.connector === null || tool.startsWith(`${one.connector}.`)),
  )
  const mode: Mode = own?.mode ?? 'allow'
  const change = useMutation({
    mutationFn: (wanted: Mode) => api.switches.set({ body: { agent, tool, mode: wanted }, ...newKey() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['switches'] }),
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  const offered = (Object.keys(modes) as Mode[]).filter(
    (each) => each === mode || each !== 'allow' || session?.role === 'owner',
  )
  return (
    <>
      {may ? (
        <fieldset className={css.modes} disabled={change.isPending}>
          <legend className="heard">Calls of {tool}</legend>
          {offered.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === mode}
              data-mode={each}
              onClick={() => each !== mode && change.mutate(each)}
            >
              {modes[each]}
            </button>
          ))}
        </fieldset>
      ) : (
        modes[mode]
      )}
      {wider && wider.mode !== 'allow' && (
        <div className={css.wider}>
          {wider.mode} for {wider.tool ?? wider.connector ?? wider.agent ?? 'everything'}, by {wider.by}
        </div>
      )}
      {change.error && <div className={css.wider}>{change.error.message}</div>}
    </>
  )
}
