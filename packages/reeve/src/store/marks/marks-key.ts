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
async function readMarksKey(session: Session, keys: SealingKeys): Promise<SealingKey | undefined> {
  const row = await findSecret(session, marksSecret)
  return row && new SealingKey(openSecret(row, keys))
}

/** What this process has to seal marked texts with. */
export interface MarksKey {
  /** Undefined: there is no key, so that texts are kept plain; or it cannot be opened. */
  marksKey: SealingKey | undefined
  /** Why it cannot be opened: then no text is written that it would seal. */
  marksProblem: ReeveError | undefined
}

/** The same for a process that goes on without it. */
export async function marksKeyOf(session: Session, keys: SealingKeys): Promise<MarksKey> {
  try {
    return { marksKey: await readMarksKey(session, keys), marksProblem: undefined }
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    return { marksKey: undefined, marksProblem: cannotSeal(error) }
  }
}

/** The same, made where there is a sealing key. What stands in the way is said. */
export async function openMarksKey(
  database: Database,
  keys: SealingKeys,
  { clock, log }: { clock: Clock; log: Log },
): Promise<MarksKey> {
  const there = await marksKeyOf(database, keys)
  if (there.marksProblem) log.error(there.marksProblem.message)
  if (there.marksKey || there.marksProblem || keys.keys.length === 0) return there
  const made = { name: marksSecret, value: SealingKey.make().secret, keys, expected: 0 }
  const acting = { by: 'reeve', proof: 'started-by-reeve', at: clock.now() } as const
  try {
    await database.transaction((session) => setSecret(session, made, acting))
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    // Else another process has made it at this moment.
    if (error.code !== 'secret-changed')
      log.error(`texts that schemas mark are kept plain, for their key cannot be made: ${error.message}`)
  }
  return marksKeyOf(database, keys)
}

function cannotSeal(cause: ReeveError): ReeveError {
  return new ReeveError(
    'secrets-key-missing',
    `Texts that a schema marks are sealed with the secret ${marksSecret}, and this process cannot open it, so that it writes and reads none of them: ${cause.message} Runs that were set aside for it go on with: reeve retry RUN.`,
    { cause },
  )
}
