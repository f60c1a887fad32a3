import { expect, test } from 'vitest'
import { z } from 'zod'
import { findInexact } from '../src/base/json/exact-json.ts'
import { inertText } from '../src/base/text/inert-text.ts'
import { lookAlikesIn, unseenIn, visibleLine, visibleText } from '../src/base/text/visible-text.ts'
import { readDraft } from '../src/models/local/compose/draft.ts'
import { repeatedRun } from '../src/models/local/compose/repeated-run.ts'
import { embed } from '../src/models/local/text/embed.ts'
import { findAmounts, findDates, findEmails, findLinks } from '../src/models/local/text/patterns.ts'
import { readAnswer } from '../src/models/reading/structured.ts'
import { readSections } from '../src/text/markdown.ts'
import { normalize } from '../src/text/normalize.ts'
import { blocksOf, sentencesOf, withoutMarks } from '../src/text/plain-text.ts'
import { termsOf } from '../src/text/terms.ts'
import { parseBoundedJson } from '../src/tools/bounded-json.ts'
import { tidy } from '../src/tools/web-page/html-page.ts'

const answer = z.object({ a: z.string() })

/** Whatever reads texts of strangers in the process that drives runs. */
const readers: Record<string, (text: string) => unknown> = {
  readAnswer: (text) => readAnswer(text, answer),
  parseBoundedJson: (text) => parseBoundedJson(text, 'It'),
  repeatedRun: (text) => repeatedRun(text, text, []),
  findInexact,
  inertText,
  visibleText,
  visibleLine,
  unseenIn,
  lookAlikesIn,
  readSections,
  termsOf,
  readDraft,
  embed,
  normalize,
  findAmounts,
  findDates,
  findEmails,
  findLinks,
  blocksOf,
  sentencesOf,
  withoutMarks,
  tidy,
}

const openings = ['', '```', '{', '{"a":"', '[', '* ', '# ', 'a@', 'https://', '$1']
const pieces = [
  '\n',
  ' ',
  '\t',
  'a',
  'a.',
  '`',
  '*',
  '**a',
  '\\',
  '"',
  '[',
  '{',
  '{a ',
  '<!--',
  '1,',
  '-\n',
  '|\n',
  '\u0301',
  '\u200b',
  '😀',
  ' \n',
]
const length = 60_000

test.each(Object.keys(readers))('%s reads hostile texts in linear time', (name) => {
  const read = readers[name]!
  for (const opening of openings) {
    for (const piece of pieces) {
      const text = `${opening}${piece.repeat(length / piece.length)}!`
      const begun = process.threadCpuUsage()
      try {
        read(text)
      } catch (error) {
        expect(error).not.toBeInstanceOf(RangeError)
      }
      // Where the work grew with the square, it was seconds.
      expect([opening, piece, process.threadCpuUsage(begun).user < 400_000]).toEqual([opening, piece, true])
    }
  }
})
