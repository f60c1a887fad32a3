import type { Database } from '../../store/database.ts'

/** A connection of which it is known what is under way, and that can be cut. */
export interface Severable {
  database: Database
  /** How many answers are awaited, and how much was asked in all. */
  readonly traffic: { underWay: number; asked: number }
  /** Afterwards nothing that was asked over it is ever answered, as after a death. */
  cut(): void
}

export function severable(database: Database): Severable {
  let isCut = false
  const traffic = { underWay: 0, asked: 0 }
  const over =
    <Arguments extends unknown[], Result>(ask: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      if (isCut) return new Promise<never>(() => {})
      traffic.underWay++
      traffic.asked++
      try {
        return await ask.apply(database, given)
      } finally {
        traffic.underWay--
      }
    }
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
    traffic,
    cut: () => {
      isCut = true
    },
  }
}
