import { expect, test } from 'vitest'
import { errorCodes } from '../../src/base/error-codes/error-codes.ts'
import { placeOfCode } from '../../src/inspect/failures/place-of.ts'
import { namedStatuses, statusOf } from '../../src/server/http/problem.ts'
import { codesOfBadRequests, codesWithoutPlace } from './undecided-codes.ts'

const all = Object.keys(errorCodes).sort()
const wordsOf = (text: string) => text.trim().split(/\s+/)

test('each error code has a place where its fix belongs, or is listed with why it has none', () => {
  const listed = codesWithoutPlace.flatMap(([, codes]) => wordsOf(codes)).sort()
  expect(all.length).toBeGreaterThan(300)
  expect(all.filter((code) => placeOfCode(code) === undefined)).toEqual(listed)
})

test('each error code has a status of the API, or is listed as one of a bad request', () => {
  const named = new Map(namedStatuses())
  const unnamed = all.filter((code) => !named.has(code) && statusOf(code) === 400)
  expect(unnamed).toEqual(wordsOf(codesOfBadRequests).sort())
  expect([...named.keys()].filter((code) => !all.includes(code))).toEqual([])
})
