import { expect, onTestFinished, test, vi } from 'vitest'
import { parseForeignJson } from '../../src/tools/bounded-json.ts'
import { openApiTools } from '../../src/tools/openapi/openapi-tools.ts'

const bytes = 5_000_000
const filled = (part: string) => part.repeat(Math.floor(bytes / part.length))

test.each([
  ['empty objects', `[${filled('{},')}{}]`, 'json-too-large'],
  ['empty lists', `[${filled('[],')}[]]`, 'json-too-large'],
  ['numbers', `[${filled('0,')}0]`, 'json-too-large'],
  ['properties', `{${Array.from({ length: 400_000 }, (_, at) => `"k${at}":1`).join(',')}}`, 'json-too-large'],
  ['nesting', filled('['), 'json-too-deep'],
  ['nesting to and fro', `[${filled(`${'['.repeat(60)}${']'.repeat(60)},`)}0]`, 'json-too-large'],
])('5 MB of %s are refused before anything is built of them', (_what, text, code) => {
  const parse = vi.spyOn(JSON, 'parse')
  onTestFinished(() => void parse.mockRestore())
  const before = process.threadCpuUsage()
  expect(() => parseForeignJson(text, 'The answer')).toThrow(expect.objectContaining({ code }))
  const { user, system } = process.threadCpuUsage(before)
  expect(parse).not.toHaveBeenCalled()
  expect((user + system) / 1000).toBeLessThan(100)
})

test('long texts, and what has as many values as are read, are parsed', () => {
  expect(parseForeignJson(JSON.stringify('x'.repeat(bytes)), 'It')).toHaveLength(bytes)
  expect(parseForeignJson(JSON.stringify('[{,:'.repeat(300_000)), 'It')).toHaveLength(1_200_000)
  expect(parseForeignJson(JSON.stringify(Array(249_000).fill(0)), 'It')).toHaveLength(249_000)
})

const documentOf = (paths: object, schemas: object) => ({
  openapi: '3.1.0',
  servers: [{ url: 'https://api.example' }],
  paths,
  components: { schemas },
})
const bodyOf = (schema: object) => ({
  post: { requestBody: { content: { 'application/json': { schema } } } },
})

test('an OpenAPI document whose schemas refer to one another without end in sight is read, or refused with the place', () => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, at) => [
        `S${at}`,
        at === length - 1
          ? { type: 'string' }
          : { type: 'object', properties: { next: { $ref: `#/components/schemas/S${at + 1}` } } },
      ]),
    )
  const tools = (length: number) =>
    openApiTools({
      name: 'api',
      document: documentOf({ '/a': bodyOf({ $ref: '#/components/schemas/S0' }) }, chain(length)),
    })
  expect(tools(50)).toHaveLength(1)
  expect(() => tools(5000)).toThrow(expect.objectContaining({ code: 'bad-schema' }))
  expect(() => tools(40_000)).toThrow(expect.objectContaining({ code: 'bad-openapi' }))
})

test('an OpenAPI document whose operations bring more than can be held is refused, with the option that helps', () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, { type: 'string' }]))
  const paths = Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [`/p${at}`, bodyOf({ $ref: '#/components/schemas/Wide' })]),
  )
  const document = documentOf(paths, { Wide: { type: 'object', properties: wide } })
  expect(() => openApiTools({ name: 'api', document })).toThrow(
    /500000 parts; choose some with the option `operations`/,
  )
})
