import { secretList } from '../../../inspect/authority/secret-list.ts'
import { internalsOf, type Runtime } from '../../../runtime/runtime.ts'
import { actingAs } from '../../../server/local-actor.ts'
import { refuseMoved } from '../../../store/identity/moved.ts'
import { deleteSecret, setSecret } from '../../../store/secrets/change-secrets.ts'
import { keysToSetWith } from '../../../store/secrets/key/keys-to-set-with.ts'
import { unknownSecret } from '../../../store/secrets/open-secret.ts'
import { findSecret } from '../../../store/secrets/sealed-rows.ts'
import type { Workspace } from '../../terminal/workspace.ts'
import type { Secrets } from '../backend.ts'

/** The secrets of a project's own database. Which tools use them its code says, where it is loaded. */
export function localSecrets(
  { database, environment, actor }: Workspace,
  runtime: Runtime | undefined,
): Secrets {
  return {
    secrets: () => secretList(database, runtime && internalsOf(runtime).secretUses),
    async setSecret(name, value, mustExist) {
      await refuseMoved(database, database.place)
      if (mustExist && !(await findSecret(database, name))) throw unknownSecret(name)
      const keys = await keysToSetWith(database, environment)
      const { version } = await database.transaction((session) =>
        setSecret(session, { name, value, keys }, actingAs(actor, database)),
      )
      return { version, usedBy: null }
    },
    async deleteSecret(name) {
      await refuseMoved(database, database.place)
      await database.transaction((session) => deleteSecret(session, name, actingAs(actor, database)))
    },
  }
}
