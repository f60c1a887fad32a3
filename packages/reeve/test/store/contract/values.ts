import { expect } from 'vitest'
import type { Value } from '../../../src/store/database.ts'
import { GroupCommit, type RunCommit } from '../../../src/store/journal/group-commit.ts'
import { insertRuns, newRunValues } from '../../../src/store/runs/changes/starts.ts'
import { listRuns } from '../../../src/store/runs/runs.ts'
import { findUnsafeNumbers } from '../../../src/store/unsafe-numbers.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import { addRunning, addRuns, chainOf, newRun, type Open, rowOf, sourceOf, storeCase } from './fixtures.ts'

/** Values that are none, by what is wrong with them. */
const misfits: [string, object][] = [
  ['undefined as a text', { id: undefined }],
  ['an object as a text', { key: {} }],
  ['an array as a text', { queue: ['a'] }],
  ['a symbol as a text', { principal: Symbol('x') }],
  ['a number as a text', { key: 5 }],
  ['a boolean as a text', { key: true }],
  ['NUL in a text', { key: 'a\0b' }],
  ['NaN', { priority: Number.NaN }],
  ['a fraction', { priority: 1.5 }],
  ['2^53', { priority: 2 ** 53 }],
  ['a text as a number', { priority: '5' }],
  ['Infinity', { available_at: Number.POSITIVE_INFINITY }],
]

export function valueCases(open: Open): void {
  for (const [what, changes] of misfits) {
    storeCase(
      `${what} is one commit's own fault: the others of its transaction are written`,
      open,
      async (database) => {
        const fatal: unknown[] = []
        const commits = new GroupCommit({
          database,
          clock: new FakeClock(),
          onFatal: (error) => fatal.push(error),
          onTrouble: () => {},
        })
        const commitOf = (no: number, more: object): RunCommit => ({
          run: no,
          epoch: 1,
          start: { ...newRun(no), ...more } as RunCommit['start'] & object,
          events: [chainOf(no)('run-started', '{}')],
        })
        const sources = [commitOf(1, {}), commitOf(2, changes), commitOf(3, {})].map((commit) =>
          sourceOf(commit),
        )
        for (const source of sources) commits.submit(source)
        await commits.settled()
        expect(fatal).toEqual([])
        expect((await listRuns(database)).map(({ no }) => no)).toEqual([3, 1])
        const [first, second, third] = await Promise.all(sources.map(({ outcome }) => outcome))
        expect([first, third]).toEqual(['durable', 'durable'])
        const { refused } = second as { refused: unknown }
        expect(database.classify(refused)).toBe('constraint')
      },
    )
  }

  storeCase('a commit that cannot even be made does not take the others with it', open, async (database) => {
    await addRunning(database, 1)
    const fatal: unknown[] = []
    const commits = new GroupCommit({
      database,
      clock: new FakeClock(),
      onFatal: (error) => fatal.push(error),
      onTrouble: () => {},
    })
    const refused: unknown[] = []
    commits.submit({
      take: () => {
        throw new TypeError('a Symbol is not a text')
      },
      settled: () => {},
      refused: (error) => refused.push(error),
    })
    const good = sourceOf({ run: 1, epoch: 1, events: [chainOf(1)('step-completed', '1')] })
    commits.submit(good)
    await commits.settled()
    expect([refused, await good.outcome, fatal]).toEqual([[expect.any(TypeError)], 'durable', []])
  })

  storeCase(
    'a row with a number that is not safe can be read and changed, and is found',
    open,
    async (database) => {
      await addRuns(database, newRun(1), newRun(2))
      expect(await findUnsafeNumbers(database)).toEqual([])
      const far = '9007201000000000'
      await database.run(
        `update runs set wake_at = ${far}, priority = -${far}, status = 'waiting' where no = 1`,
      )
      expect((await listRuns(database)).map(({ no }) => no)).toEqual([2, 1])
      expect(await rowOf(database, 1)).toMatchObject({ wake_at: Number(far), priority: -Number(far) })
      const changed = await database.transaction((session) =>
        session.all<{ wake_at: number }>(`update runs set status = 'queued' where no = 1 returning *`),
      )
      expect(changed).toMatchObject([{ no: 1, status: 'queued', wake_at: Number(far) }])
      expect(await findUnsafeNumbers(database)).toEqual([{ table: 'runs', rows: 1, runs: ['run1'] }])
    },
  )

  storeCase('texts of every character but NUL come back as they were', open, async (database) => {
    const text = `a"b\\c'{,}\n\r\t😀\u2028\ufffe${String.fromCodePoint(0x10ffff)}\u0001`
    const row: Value[] = newRunValues(newRun(1, { key: text, principal: text }))
    await database.bulk(insertRuns, [row])
    expect(await rowOf(database, 1)).toMatchObject({ key: text, principal: text })
  })
}
