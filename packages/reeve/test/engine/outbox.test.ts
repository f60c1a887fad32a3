import { expect, test } from 'vitest'
import { Outbox } from '../../src/engine/execution/outbox.ts'
import { pendingEvent } from '../../src/engine/replay/pending-event.ts'
import type { Row } from '../../src/store/database.ts'
import { textEvent } from '../../src/store/journal/events.ts'
import { takenRow } from '../../src/store/runs/inbox.ts'

const claim = {
  no: 7,
  id: 'run-of-many-events',
  epoch: 1,
  parent: null,
  principal: 'operator',
  createdAt: 0,
  crashes: 0,
  historyBytes: 0,
  inbox: 0,
}
const now = { now: 5, wakeAt: null, taken: [], openChildren: false, wasClaimed: false }
const row = (value: number): Row => ({
  statement: { sql: 'insert into some (value) select :value {from}', columns: { value: 'int' } },
  values: [value],
})
const note = () => pendingEvent(null, textEvent('run-started', '{}'), { name: 'many' })

/** With so many events ready, each of those at `rowsAt` with a row that has its place. */
function filled(count: number, rowsAt: number[] = []): Outbox {
  const outbox = new Outbox(claim, undefined)
  for (let index = 0; index < count; index++) {
    if (rowsAt.includes(index)) outbox.addRows([row(index)])
    outbox.push(note())
  }
  return outbox
}

const shape = ({ commit, leaving }: ReturnType<Outbox['take']>) => ({
  events: commit.events.length,
  last: commit.events.at(-1)?.seq,
  rows: (commit.rows ?? []).map(({ values }) => values[0]),
  isReleased: commit.release !== undefined && leaving !== undefined,
})

test('very many events of one moment become commits one after another, each row with its event, the release last', () => {
  const outbox = filled(4500, [0, 1999, 2000, 4499])
  outbox.leave({ status: 'waiting', reason: 'many timers' })
  const commits = [outbox.take(now), outbox.take(now), outbox.take(now)]
  expect(commits.map(shape)).toEqual([
    { events: 2000, last: 2000, rows: [0, 1999], isReleased: false },
    { events: 2000, last: 4000, rows: [2000], isReleased: false },
    { events: 500, last: 4500, rows: [4499], isReleased: true },
  ])
  expect(outbox.empty).toBe(true)
})

test('what uses up an item of the inbox goes with all that was ready', () => {
  const outbox = filled(2500)
  const taken = [takenRow({ item: 1, step: 1, journaled: true })]
  expect(outbox.take({ ...now, taken }).commit.events).toHaveLength(2500)
})
