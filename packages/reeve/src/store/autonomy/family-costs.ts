import type { Session } from '../database.ts'

/** What a run and all runs that it started cost, in billionths of a US dollar. */
export async function familyNanoUsd(session: Session, no: number): Promise<number> {
  const row = await session.get<{ nanousd: number }>(
    `with recursive family (no) as (
       select cast(? as bigint) union all select r.no from runs r join family f on r.parent = f.no
     )
     select cast(coalesce(sum(c.nanousd), 0) as bigint) as nanousd
     from model_calls c where c.run in (select no from family)`,
    [no],
  )
  return row!.nanousd
}
