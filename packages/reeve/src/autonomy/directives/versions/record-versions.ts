import { addDirectiveVersion, newestDirectiveVersions } from '../../../store/autonomy/directive-versions.ts'
import type { Database } from '../../../store/database.ts'
import type { Directive } from '../directive.ts'
import { finishWrites } from './write-directive.ts'

/** Records which texts a load found that are not the newest known: of a write of Reeve's own, or of whoever saved the file. */
export async function recordVersions(
  database: Database,
  directives: readonly Directive[],
  now: number,
): Promise<void> {
  if (directives.length === 0) return
  await database.transaction(async (session) => {
    await finishWrites(session, directives, now)
    const newest = new Map((await newestDirectiveVersions(session)).map((row) => [row.name, row.hash]))
    for (const { name, hash, text } of directives) {
      if (newest.get(name) === hash) continue
      const base = newest.get(name) ?? null
      await addDirectiveVersion(session, {
        ...{ name, hash, text, base, author: 'file', state: 'stands', at: now, write_key: null },
        ...{ made_by: null, proof: null, reason: null, evidence: null },
      })
    }
  })
}
