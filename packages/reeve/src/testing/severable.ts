import type { Database } from '../store/database.ts'

/** A connection that can be cut: afterwards nothing that was asked over it is ever answered, as after a death. */
export function severable(database: Database): { database: Database; cut: () => void } {
  let isCut = false
  const over =
    <Arguments extends unknown[], Result>(ask: (...given: Arguments) => Promise<Result>) =>
    (...given: Arguments): Promise<Result> =>
      isCut ? new Promise<never>(() => {}) : ask.apply(database, given)
  const link: Database = Object.create(database, {
    transaction: { value: over(database.transaction) },
    writeElsewhere: { value: undefined },
    all: { value: over(database.all) },
    get: { value: over(database.get) },
    run: { value: over(database.run) },
    bulk: { value: over(database.bulk) },
  })
  return {
    database: link,
    cut: () => {
      isCut = true
    },
  }
}
