import type { Session } from '../database.ts'
import { payloadOf, quoted } from './events.ts'
import type { JournalEvent } from './journal.ts'

const atOnce = 500

/** Who answered the questions of a run and of the runs below it: models, rules, people. */
export async function answerersOf(session: Session, run: string): Promise<string[]> {
  const answerers = new Set<string>()
  for (let from = { run: 0, seq: 0 }; ; ) {
    const page = await session.all<JournalEvent>(
      `with recursive family(no) as (
         select no from runs where id = ? union all select runs.no from runs join family on runs.parent = family.no)
       select e.run, e.seq, e.type, e.step, e.name, e.args, e.at, coalesce(e.payload, b.content) as payload, e.blob, e.hash
       from events e left join blobs b on b.hash = e.blob
       where e.run in (select no from family) and e.type = ${quoted('question-completed')}
         and (e.run > ? or (e.run = ? and e.seq > ?)) order by e.run, e.seq limit ${atOnce}`,
      [run, from.run, from.run, from.seq],
    )
    for (const event of page) {
      const solver = payloadOf(event, 'question-completed')?.solver
      if (solver != null) answerers.add(solver)
    }
    const last = page.at(-1)
    if (!last || page.length < atOnce) return [...answerers].sort()
    from = { run: last.run, seq: last.seq }
  }
}
