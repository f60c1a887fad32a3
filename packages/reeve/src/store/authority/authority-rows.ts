import type { Database } from '../database.ts'
import { listAllPrincipals, type PrincipalRow } from '../identity/principals.ts'
import { type GrantChangeRow, openGrantChanges } from './grant-changes.ts'
import { type LevelRow, listLevels } from './levels.ts'
import { readSeenEnds } from './seen-ends.ts'
import { listSwitches, type SwitchRow } from './switches.ts'
import { readAuthorityVersion } from './version.ts'

/** Everything that the database says of those who act, with the version that it belongs to. */
export interface AuthorityRows {
  version: number
  principals: PrincipalRow[]
  changes: GrantChangeRow[]
  switches: SwitchRow[]
  levels: LevelRow[]
  /** Names of ends that have come (`seen-ends.ts`). */
  seenEnds: ReadonlySet<string>
}

/**
 * Reads all of it. The version is read before and after: where it moved meanwhile, what was read may be of two versions, and is
 * read again.
 */
export async function readAuthorityRows(database: Database, now: () => number): Promise<AuthorityRows> {
  for (;;) {
    const version = await readAuthorityVersion(database)
    const principals = await listAllPrincipals(database)
    const changes = await openGrantChanges(database, now())
    const switches = await listSwitches(database)
    const levels = await listLevels(database)
    const seenEnds = await readSeenEnds(database)
    if ((await readAuthorityVersion(database)) === version)
      return { version, principals, changes, switches, levels, seenEnds }
  }
}
