import type { Bulk, Database, Row, Session } from '../database.ts'

/** What became of one thing that came to a trigger: a request, a letter, a file, an event. */
export interface DeliveryRow {
  /** The trigger's name. */
  source: string
  /** Names it: the same twice is one. */
  delivery: string
  outcome: 'started' | 'skipped' | 'refused'
  /** Why nothing was started. */
  reason: string | null
  /** The run that it started. */
  run: string | null
  at: number
}

const columns = {
  source: 'text',
  delivery: 'text',
  outcome: 'text',
  reason: 'text',
  run: 'text',
  at: 'int',
} as const

const insertDeliveries: Bulk = {
  columns,
  sql: `insert into deliveries (source, delivery, outcome, reason, run, at)
    select :source, :delivery, :outcome, :reason, :run, :at {from}
    where true on conflict (source, delivery) do nothing`,
}

/** Commits with what it tells of. */
export function deliveryOutcomeRow(row: DeliveryRow): Row {
  const { source, delivery, outcome, reason, run, at } = row
  return { statement: insertDeliveries, values: [source, delivery, outcome, reason, run, at] }
}

export async function recordDelivery(session: Session, row: DeliveryRow): Promise<void> {
  const { statement, values } = deliveryOutcomeRow(row)
  await session.bulk(statement, [values])
}

export function findDelivery(
  session: Session,
  source: string,
  delivery: string,
): Promise<DeliveryRow | undefined> {
  return session.get<DeliveryRow>('select * from deliveries where source = ? and delivery = ?', [
    source,
    delivery,
  ])
}

/** Of these, those that came before. */
export async function knownDeliveries(
  session: Session,
  source: string,
  deliveries: readonly string[],
): Promise<Set<string>> {
  if (deliveries.length === 0) return new Set()
  const rows = await session.all<{ delivery: string }>(
    `select delivery from deliveries where source = ? and delivery in (${deliveries.map(() => '?').join(', ')})`,
    [source, ...deliveries],
  )
  return new Set(rows.map(({ delivery }) => delivery))
}

/** The newest first. */
export function listDeliveries(session: Session, source: string, limit: number): Promise<DeliveryRow[]> {
  return session.all<DeliveryRow>(
    'select * from deliveries where source = ? order by at desc, delivery limit ?',
    [source, limit],
  )
}

/** Deletes the oldest of before `before` (ms). Answers how many went. */
export function dropDeliveries(session: Session, before: number, limit: number): Promise<number> {
  return session.run(
    `delete from deliveries where (source, delivery) in (
       select source, delivery from deliveries where at < ? order by at limit ?)`,
    [before, limit],
  )
}

/** Those of these that are known count as if they had come now: what lies where it came is not forgotten. */
export async function keepDeliveries(
  database: Database,
  source: string,
  deliveries: readonly string[],
  now: number,
): Promise<void> {
  for (let from = 0; from < deliveries.length; from += 500) {
    const some = deliveries.slice(from, from + 500)
    await database.transaction((session) =>
      session.run(
        `update deliveries set at = ? where source = ? and delivery in (${some.map(() => '?').join(', ')})`,
        [now, source, ...some],
      ),
    )
  }
}
