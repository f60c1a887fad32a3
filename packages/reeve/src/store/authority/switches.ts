import type { Session } from '../database.ts'
import { type Acting, record } from './acting.ts'
import { noteAuthorityChange } from './version.ts'

/** For which calls a switch holds: those that have all that it names. One that names nothing holds for all. */
export interface SwitchPlace {
  agent?: string
  tool?: string
  connector?: string
}

export interface SwitchRow {
  /** '' stands for any. */
  agent: string
  tool: string
  connector: string
  mode: 'off' | 'ask' | 'allow'
  why: string | null
  set_by: string
  set_at: number
}

/** In a transaction: sets a switch, or takes it away with `allow`. Answers how it stood before. */
export async function setSwitch(
  session: Session,
  { agent = '', tool = '', connector = '' }: SwitchPlace,
  mode: SwitchRow['mode'],
  acting: Acting,
): Promise<SwitchRow['mode']> {
  const place = [agent, tool, connector]
  const before = await session.get<SwitchRow>(
    'select * from switches where agent = ? and tool = ? and connector = ? {lock}',
    place,
  )
  if (mode === 'allow') {
    await session.run('delete from switches where agent = ? and tool = ? and connector = ?', place)
  } else {
    await session.run(
      `insert into switches (agent, tool, connector, mode, why, set_by, set_at) values (?, ?, ?, ?, ?, ?, ?)
       on conflict (agent, tool, connector) do update set mode = excluded.mode, why = excluded.why,
         set_by = excluded.set_by, set_at = excluded.set_at`,
      [...place, mode, acting.why ?? null, acting.by, acting.at],
    )
  }
  await noteAuthorityChange(session)
  await record(session, acting, 'switch-set', switchName({ agent, tool, connector }), {
    ...(agent !== '' && { agent }),
    ...(tool !== '' && { tool }),
    ...(connector !== '' && { connector }),
    mode: mode === 'allow' ? 'none' : mode,
  })
  return before?.mode ?? 'allow'
}

/** What a switch is for, in words. */
export function switchName({ agent = '', tool = '', connector = '' }: SwitchPlace): string {
  const parts = Object.entries({ agent, tool, connector }).filter(([, name]) => name !== '')
  return parts.map(([kind, name]) => `${kind} ${name}`).join(', ') || 'everything'
}

export function listSwitches(session: Session): Promise<SwitchRow[]> {
  return session.all<SwitchRow>('select * from switches order by agent, tool, connector')
}
