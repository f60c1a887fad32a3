import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { answersReference } from '../../../scripts/reference/answers.ts'
import { commandsReference } from '../../../scripts/reference/commands.ts'
import { configurationReference } from '../../../scripts/reference/configuration.ts'
import { codesMade, codeTexts, errorsReference } from '../../../scripts/reference/errors.ts'
import { eventsReference } from '../../../scripts/reference/events.ts'
import { licencesReference, otherLicences } from '../../../scripts/reference/licences.ts'
import { llmsIndex } from '../../../scripts/reference/llms.ts'
import { errorCodes } from '../src/base/error-codes/error-codes.ts'

const documented = (file: string) =>
  readFileSync(join(import.meta.dirname, '../../../docs/reference', file), 'utf8')

test.each([
  ['events.md', eventsReference],
  ['errors.md', errorsReference],
  ['commands.md', commandsReference],
  ['json.md', answersReference],
  ['configuration.md', configurationReference],
  ['licences.md', licencesReference],
  ['../llms.txt', llmsIndex],
])('docs/reference/%s is what the code says; make it anew with: npm run reference', (file, made) => {
  expect(documented(file)).toBe(made())
})

test('what comes with the package may come with it', () => {
  expect(otherLicences()).toEqual([])
})

test('every link between pages leads to a page, and every page is in the index', () => {
  const docs = join(import.meta.dirname, '../../../docs')
  const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((page) =>
    page.endsWith('.md'),
  )
  const linksOf = (page: string) =>
    [...readFileSync(join(docs, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, link]) => join(docs, dirname(page), link!),
    )
  const broken = pages.flatMap((page) => linksOf(page).filter((link) => !existsSync(link)))
  expect(broken).toEqual([])
  const partsOf = (page: string) =>
    [...readFileSync(join(docs, page), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    )
  const lost = pages.flatMap((page) =>
    [...readFileSync(join(docs, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]*\.md)?#([^)]+)\)/g)]
      .filter(([, to, part]) => !partsOf(to === undefined ? page : join(dirname(page), to)).includes(part!))
      .map(([link]) => `${page} ${link}`),
  )
  expect(lost).toEqual([])
  const listed = new Set(linksOf('README.md'))
  expect(pages.filter((page) => page !== 'README.md' && !listed.has(join(docs, page)))).toEqual([])
})

test('every error code has its line in base/error-codes', () => {
  const made = new Set(codesMade().map(({ code }) => code))
  expect(made.size).toBeGreaterThan(200)
  expect([...made].filter((code) => !Object.hasOwn(errorCodes, code)).sort()).toEqual([])
})

test('every line in base/error-codes is of a code that the source has', () => {
  const texts = codeTexts()
  const made = new Set(codesMade().map(({ code }) => code))
  expect(Object.keys(errorCodes).filter((code) => !texts.has(code) && !made.has(code))).toEqual([])
})

test('each code is explained in whole sentences', () => {
  for (const [meaning, advice] of Object.values(errorCodes)) {
    expect(meaning).toMatch(/^[A-Z`].*\.$/)
    expect(advice).toMatch(/^[A-Z`].*\.$/)
  }
})

test('no code stands in two of the tables', () => {
  const folder = join(import.meta.dirname, '../src/base/error-codes')
  const codes = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^ {2}'?([a-z0-9-]+)'?: \[/gm)].map(
      (line) => line[1],
    ),
  )
  expect(codes.toSorted()).toEqual(Object.keys(errorCodes).toSorted())
})
