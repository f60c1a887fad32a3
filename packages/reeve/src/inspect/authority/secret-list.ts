import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { listSecrets, type SecretRow } from '../../store/secrets/sealed-rows.ts'

/** A secret as people see it: never its value. Times are ISO 8601. */
export interface SecretView {
  name: string
  /** Which value this is, from 1. */
  version: number
  setAt: string
  setBy: string
  /** To the hour; null: never. */
  usedAt: string | null
  /** The id of the key that it is sealed with. */
  key: string
  /** The tools, triggers and connections of the project that use it; null: the code was not looked at. */
  usedBy: string[] | null
}

export function secretView(
  row: SecretRow,
  uses: ReadonlyMap<string, readonly string[]> | undefined,
): SecretView {
  return {
    name: row.name,
    version: row.version,
    setAt: isoText(row.set_at),
    setBy: row.set_by,
    usedAt: row.used_at === null ? null : isoText(row.used_at),
    key: row.key_id,
    usedBy: uses ? [...(uses.get(row.name) ?? [])] : null,
  }
}

/** All that are kept, by name. */
export async function secretList(
  session: Session,
  uses: ReadonlyMap<string, readonly string[]> | undefined,
): Promise<SecretView[]> {
  return (await listSecrets(session)).map((row) => secretView(row, uses))
}
