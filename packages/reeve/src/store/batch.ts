import type { Batch, Bulk, Row, Session, Value } from './database.ts'

/** Gathers rows by the statement that writes them, in the order in which the statements were first used. */
export class BatchRows {
  readonly #guards = new Map<Bulk, Value[][]>()
  readonly #writes = new Map<Bulk, Batch['writes'][number]>()

  /** A row by which the database says whether its owner, its first value, may write. */
  guard(statement: Bulk, row: Value[]): void {
    const rows = this.#guards.get(statement)
    if (rows) rows.push(row)
    else this.#guards.set(statement, [row])
  }

  /** A row that is written if its owner may. */
  write(owner: number, { statement, values, next }: Row): void {
    const write = this.#writes.get(statement)
    if (write) {
      write.owners.push(owner)
      write.rows.push(values)
    } else this.#writes.set(statement, { statement, owners: [owner], rows: [values], ...(next && { next }) })
  }

  get batch(): Batch {
    const guards = [...this.#guards].map(([statement, rows]) => ({ statement, rows }))
    return { guards, writes: [...this.#writes.values()] }
  }
}

/**
 * Writes a batch inside a transaction: a constant number of statements, whatever the number of owners. Answers the
 * owners that were refused: of them nothing was written.
 */
export async function writeBatch(session: Session, { guards, writes }: Batch): Promise<number[]> {
  const refused = new Set<number>()
  for (const { statement, rows } of guards) {
    const answered = await session.bulk<Record<string, number>>(statement, rows)
    if (answered.length === rows.length) continue
    const admitted = new Set(answered.map((row) => Object.values(row)[0]))
    for (const [owner] of rows as number[][]) if (!admitted.has(owner)) refused.add(owner!)
  }
  for (const { statement, owners, rows, next } of writes) {
    const admitted = refused.size === 0 ? rows : rows.filter((_, index) => !refused.has(owners[index]!))
    if (admitted.length === 0) continue
    const answered = await session.bulk<Record<string, Value>>(statement, admitted)
    if (next && answered.length > 0) await session.bulk(next, distinct(answered.map(Object.values)))
  }
  return [...refused]
}

function distinct(rows: Value[][]): Value[][] {
  return [...new Map(rows.map((row) => [row.join(' '), row])).values()]
}
