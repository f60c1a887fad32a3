import { expect } from 'vitest'
import { recordAct } from '../../../src/store/authority/authority-log.ts'
import type { Database } from '../../../src/store/database.ts'
import { answeredCalls, runsThatAsked } from '../../../src/store/learning/asked.ts'
import { correctedAnswers, correctedApprovals } from '../../../src/store/learning/corrections.ts'
import {
  addLesson,
  endLesson,
  lessonsInForce,
  noteMeasured,
  readLessons,
} from '../../../src/store/learning/lessons.ts'
import { runFactRows } from '../../../src/store/learning/run-facts.ts'
import {
  adoptedTrainings,
  adoptTraining,
  keepTraining,
  lastTraining,
  readTraining,
  rejectTraining,
  setAsideTrainings,
  type TrainingStatus,
  withdrawTraining,
} from '../../../src/store/learning/trainings.ts'
import { type Open, storeCase } from './fixtures.ts'

async function ended(
  database: Database,
  no: number,
  given: { workflow: string; parent?: number; status?: string },
) {
  const { workflow, parent = null, status = 'succeeded' } = given
  await database.run(
    `insert into runs (no, id, workflow, version, status, queue, priority, available_at, fresh, principal, epoch,
       created_at, ended_at, head_seq, parent)
     values (?, ?, ?, '1', ?, 'default', 0, 0, 0, 'ada', 1, 10, ?, 2, ?)`,
    [no, `r${no}`, workflow, status, 100 + no, parent],
  )
  const event = (seq: number, type: string, payload: unknown, name: string | null = null) =>
    database.run(
      `insert into events (run, seq, type, step, name, args, at, payload, hash) values (?, ?, ?, ?, ?, null, 1, ?, '')`,
      [no, seq, type, seq, name, JSON.stringify(payload)],
    )
  await event(1, 'run-started', { input: { region: 'EU' } })
  await event(2, status === 'failed' ? 'run-failed' : 'run-succeeded', { code: 'http-422' })
  return event
}

export function learningCases(open: Open): void {
  storeCase(
    'of a classifier one training is used, and the one before it when that is taken back',
    open,
    async (database) => {
      const keep = (id: string, status: TrainingStatus = 'proposed') =>
        keepTraining(database, {
          ...{ id, learner: 'kind', made_at: 1, data_hash: id, status, summary: '{}' },
          bytes: new Uint8Array([1, 2, 255]),
        })
      const adopted = async () => (await adoptedTrainings(database)).get('kind')
      for (const id of ['t1', 't2', 't3']) {
        await keep(id)
        await database.transaction((session) => adoptTraining(session, id))
      }
      expect(await adopted()).toBe('t3')
      expect([...(await readTraining(database, 't2'))!.bytes!]).toEqual([1, 2, 255])
      await database.transaction((session) => withdrawTraining(session, 't3'))
      expect(await adopted()).toBe('t2')
      await database.transaction((session) => withdrawTraining(session, 't1'))
      await database.transaction((session) => withdrawTraining(session, 't2'))
      expect(await adopted()).toBeUndefined()
      await keep('t4')
      await rejectTraining(database, 't4')
      await keep('t5')
      await database.transaction((session) => setAsideTrainings(session, 'kind'))
      expect(await lastTraining(database, 'kind')).toMatchObject({
        id: 't5',
        status: 'discarded',
        bytes: null,
      })
    },
  )

  storeCase('a lesson is in force while its words stand in memory', open, async (database) => {
    const lesson = {
      workflow: 'refund',
      question: null,
      condition: '{"at":"a","is":"b"}',
      act: 'avoid' as const,
    }
    for (const id of ['l1', 'l2', 'l2', 'l3'])
      await addLesson(database, { ...lesson, id, withheld: 20, adopted_at: 5 })
    for (const id of ['l1', 'l2'])
      await database.run(
        `insert into items (id, version, kind, scope, marks, title, heading, text, hash, title_terms, heading_terms, body_terms, length, embedder, source, untrusted, at)
         values (?, 1, 'lesson', '', '', '', '', 'wait', '', '', '', '', 0, 'none', '', 1, 5)`,
        [id],
      )
    const inForce = async () => (await lessonsInForce(database)).map(({ id, text }) => `${id} ${text}`)
    expect(await inForce()).toEqual(['l1 wait', 'l2 wait'])
    await noteMeasured(database, 'l1', '{}')
    await endLesson(database, 'l1', 9, 'it did not help')
    expect(await inForce()).toEqual(['l2 wait'])
    expect(await readLessons(database, ['l1'])).toMatchObject([
      { ended_at: 9, ended_why: 'it did not help', measured: '{}' },
    ])
    expect(await readLessons(database, [])).toEqual([])
  })

  storeCase(
    'what runs were given, how they ended, and what people said of them is read',
    open,
    async (database) => {
      const cycle = await ended(database, 1, { workflow: 'daemon:steward' })
      await cycle(3, 'step-completed', { state: { gathered: { open: 2 } } }, 'look around')
      const child = await ended(database, 2, { workflow: 'directive:send', parent: 1, status: 'failed' })
      await child(3, 'question-completed', { value: 1 }, 'read it')
      await ended(database, 3, { workflow: 'reeve.undo' })
      expect(await runFactRows(database, { since: 0, limit: 10 })).toMatchObject([
        {
          id: 'r2',
          parent_id: 'r1',
          parent_workflow: 'daemon:steward',
          nanousd: 0,
          ended: '{"code":"http-422"}',
        },
      ])
      const [fact] = await runFactRows(database, { since: 0, limit: 10 })
      expect(JSON.parse(fact!.looked!)).toEqual({ state: { gathered: { open: 2 } } })
      expect(await runsThatAsked(database, ['read it', 'other'], { since: 0, limit: 5 })).toEqual([2])
      expect(await runsThatAsked(database, [], { since: 0, limit: 5 })).toEqual([])
      expect(await answeredCalls(database, 2)).toEqual([{ step: 3, name: 'read it' }])
      const said = (value: number) =>
        database.transaction((session) =>
          recordAct(session, {
            ...{
              type: 'answer-corrected',
              by: 'ada',
              proof: 'session',
              subject: 'r2',
              run: 'r2',
              at: value,
              why: 'seen',
            },
            details: { question: 'read it', call: 3, value },
          }),
        )
      await said(7)
      await said(8)
      const wanted = { since: 0, limit: 5 }
      expect(await correctedAnswers(database, wanted)).toMatchObject([
        { runId: 'r2', details: { call: 3, value: 8 }, why: 'seen' },
      ])
      expect(await correctedAnswers(database, { ...wanted, workflow: 'other' })).toEqual([])
      await database.run(
        `insert into approvals (id, run, step, kind, subject, shown, args_hash, status, requested_at, decided_at, decided_by, answer)
       values ('a1', 2, 4, 'approval', 'mail', '{}', '', 'approved', 1, 5, 'ada', '{}'), ('a2', 2, 5, 'approval', 'mail', '{}', '', 'approved', 1, 5, 'ada', null)`,
      )
      expect(
        (await correctedApprovals(database, { ...wanted, workflow: 'directive:send' })).map(({ id }) => id),
      ).toEqual(['a1'])
    },
  )
}
