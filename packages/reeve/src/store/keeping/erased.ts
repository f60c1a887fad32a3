import type { Session } from '../database.ts'

/** What stands in the place of a payload that was erased, with when (ms). Its digest stays in `blob`, so that the chain verifies. */
export function erasedPayload(at: number): string {
  return JSON.stringify({ erased: at })
}

/** Whether a payload is nothing but the mark of one that was erased. */
export function isErased(payload: string): boolean {
  return /^\{"erased":\d+\}$/.test(payload)
}

/** Whether what a run was about was erased: it cannot be replayed any more. */
export async function hasErased(session: Session, run: number): Promise<boolean> {
  const row = await session.get<{ seq: number }>(
    'select seq from events where run = ? and blob is not null and payload is not null limit 1',
    [run],
  )
  return row !== undefined
}
