import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import {
  beginPromotion,
  beginRollback,
  finishChange,
} from '../../../src/autonomy/repair/promoting/promote.ts'
import { systemClock } from '../../../src/base/time/time.ts'
import type { Session } from '../../../src/store/database.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'

/** Promotes a fix, or rolls it back, and is killed before its nth call of a file or of the database. Prints `done` when it was not. */
const [file = '', folder = '', how = '', nth = ''] = process.argv.slice(2)
let point = 0
const die = () => {
  if (++point === Number(nth)) process.kill(process.pid, 'SIGKILL')
}

function counted<T extends object>(target: T, names: readonly (keyof T)[]): void {
  for (const name of names) {
    const body = target[name] as (...given: unknown[]) => unknown
    target[name] = function (this: unknown, ...given: unknown[]) {
      die()
      return body.apply(this, given)
    } as never
  }
}

const opened = openSqlite({ file, clock: systemClock })
const handle = await fs.open(file, 'r')
counted(Object.getPrototypeOf(handle) as typeof handle, ['writeFile', 'chmod', 'sync'])
await handle.close()
counted(fs, ['open', 'rename', 'lstat', 'readFile', 'readdir'])
syncBuiltinESMExports()

const watched = <S extends Session>(session: S): S =>
  new Proxy(session, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        die()
        const [body] = given
        if (name !== 'transaction') return value.apply(target, given)
        return value.call(target, async (inner: Session) => {
          const done = await (body as (session: Session) => Promise<unknown>)(watched(inner))
          // Before its commit.
          die()
          return done
        })
      }
    },
  })
const database = watched(opened)
const acting = { by: 'ada', proof: 'local-user', at: 2 } as const
const begin = how === 'promote' ? beginPromotion : beginRollback
await database.transaction((session) => begin(session, 'repair-1', acting, 'as asked'))
await finishChange({ database, folder }, 'repair-1', acting)
process.stdout.write('done')
process.exit(0)
