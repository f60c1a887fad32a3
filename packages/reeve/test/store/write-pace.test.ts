import { expect, test } from 'vitest'
import { WritePace } from '../../src/store/journal/write-pace.ts'

test('writing is worth a thread where it takes more than half of what the runs take', () => {
  const pace = new WritePace()
  expect(pace.isBoundByWriting).toBe(false)
  pace.wrote(200, 20)
  expect(pace.isBoundByWriting).toBe(false)
  pace.worked(200, 200)
  expect(pace.isBoundByWriting).toBe(false)
  // The runs' code grows lighter: 0.1 ms of writing a turn to 0.05 ms of code.
  for (let group = 0; group < 20; group++) pace.worked(400, 20)
  expect(pace.isBoundByWriting).toBe(true)
  for (let group = 0; group < 20; group++) pace.wrote(400, 4)
  expect(pace.isBoundByWriting).toBe(false)
})
