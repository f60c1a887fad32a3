import type { Bulk, Session } from '../database.ts'

/** Its name in `meta`. It grows with each change of principals, grants and switches, in the transaction of that change. */
export const authorityVersion = 'authority-version'

const growVersion: Bulk = {
  columns: { name: 'text' },
  announces: 'authority',
  sql: `insert into meta (name, value) select :name, '1' {from} where true
    on conflict (name) do update set value = cast(cast(meta.value as bigint) + 1 as text)`,
}

/** In the transaction of a change of who may do what: all processes hear of it as soon as it is durable. */
export async function noteAuthorityChange(session: Session): Promise<void> {
  await session.bulk(growVersion, [[authorityVersion]])
}

/** Until the transaction ends nobody else changes who may do what. */
export async function holdAuthority(session: Session): Promise<void> {
  await session.get('select value from meta where name = ? {lock}', [authorityVersion])
}

export async function readAuthorityVersion(session: Session): Promise<number> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [
    authorityVersion,
  ])
  return Number(row?.value ?? 0)
}
