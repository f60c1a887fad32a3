import { ReeveError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Database, Session } from '../database.ts'
import { setSecret } from '../secrets/change-secrets.ts'
import type { SealingKeys } from '../secrets/key/key-file.ts'
import { SealingKey } from '../secrets/key/sealing-key.ts'
import { openSecret } from '../secrets/open-secret.ts'
import { findSecret, marksSecret } from '../secrets/sealed-rows.ts'

/**
 * The key that marked texts are sealed with is itself a sealed secret: another sealing key seals one row anew, however many texts
 * there are. Undefined: there is none yet.
 * @throws `secrets-key-missing` `secret-forged`
 */
export async function readMarksKey(session: Session, keys: SealingKeys): Promise<SealingKey | undefined> {
  const row = await findSecret(session, marksSecret)
  return row && new SealingKey(openSecret(row, keys))
}

/** The same, made where there is a sealing key. What stands in the way is said, and texts are kept plain until it is gone. */
export async function openMarksKey(
  database: Database,
  keys: SealingKeys,
  { clock, log }: { clock: Clock; log: Log },
): Promise<SealingKey | undefined> {
  try {
    const there = await readMarksKey(database, keys)
    if (there || keys.keys.length === 0) return there
    const made = { name: marksSecret, value: SealingKey.make().secret, keys, expected: 0 }
    const acting = { by: 'reeve', proof: 'started-by-reeve', at: clock.now() } as const
    await database
      .transaction((session) => setSecret(session, made, acting))
      // Another process has made it at this moment.
      .catch((error: unknown) => {
        if (!(error instanceof ReeveError) || error.code !== 'secret-changed') throw error
      })
    return await readMarksKey(database, keys)
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    log.error(`texts that schemas mark cannot be sealed or opened: ${error.message}`)
    return undefined
  }
}
