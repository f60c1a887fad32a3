import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const src = join(import.meta.dirname, '../src')
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(src, file), 'utf8'))

/** The codes of the package's own errors: as they are thrown, and as docstrings promise them. */
const codes = [
  ...new Set(
    sources.flatMap((text) => [
      ...[...text.matchAll(/ReeveError\(\s*'([a-z0-9-]+)'/g)].map((match) => match[1]!),
      ...[...text.matchAll(/@throws[^@]*?(?=\*\/|@)/g)].flatMap(([promise]) =>
        [...promise.matchAll(/`([a-z0-9]+-[a-z0-9-]+)`/g)].map((match) => match[1]!),
      ),
    ]),
  ),
].sort()

const saysWrong = /^(bad|not|invalid|wrong|broken|damaged)$/

/** What two codes share that say the same: their words in any order, run together, in the past tense, or how they say "wrong". */
function meaningsOf(code: string): string[] {
  const words = code.split('-').map((word) => word.replace(/ed$/, 'e'))
  const rest = words.filter((word) => !saysWrong.test(word) && word !== 'damage')
  const isWrong = rest.length < words.length && rest.length > 0
  return [
    words.join(''),
    words.toSorted().join(''),
    ...(isWrong ? [`wrong ${rest.toSorted().join('')}`] : []),
  ]
}

function twinsIn(all: readonly string[]): string[][] {
  const byMeaning = Map.groupBy(
    all.flatMap((code) => [...new Set(meaningsOf(code))].map((meaning) => ({ code, meaning }))),
    ({ meaning }) => meaning,
  )
  return [...byMeaning.values()].filter((same) => same.length > 1).map((same) => same.map(({ code }) => code))
}

test('no two error codes say the same in other words', () => {
  expect(codes.length).toBeGreaterThan(150)
  expect(twinsIn(codes)).toEqual([])
})

test.each([
  ['journal-damaged', 'damaged-journal'],
  ['timeout', 'timed-out'],
  ['bad-json', 'not-json'],
])('%s and %s would be found', (one, other) => {
  expect(twinsIn([one, 'unknown-run', other])).toEqual(expect.arrayContaining([[one, other]]))
})
