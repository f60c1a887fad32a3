import type { Database, Session } from '../../src/store/database.ts'

class Undone extends Error {}

/** A database that does each transaction twice, as Postgres does one that stood in a deadlock: what the first did is rolled back. */
export function doingTwice(database: Database): Database {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'transaction') return typeof value === 'function' ? value.bind(target) : value
      return async (body: (session: Session) => Promise<unknown>) => {
        await target
          .transaction(async (session) => {
            await body(session)
            throw new Undone()
          })
          .catch((error: unknown) => {
            if (!(error instanceof Undone)) throw error
          })
        return target.transaction(body)
      }
    },
  })
}
