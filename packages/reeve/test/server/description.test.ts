import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { routes } from '../../src/client/routes.ts'
import { api } from '../../src/server/api/index.ts'
import { openApiDocument } from '../../src/server/openapi/document.ts'
import { referencePage } from '../../src/server/openapi/reference.ts'

type Json = Record<string, unknown>

test('the client has a route for each endpoint, and no other', () => {
  const served = Object.fromEntries(
    Object.entries(api).map(([resource, endpoints]) => [
      resource,
      Object.fromEntries(
        Object.entries(endpoints).map(
          ([verb, { method, path }]: [string, { method: string; path: string }]) => [
            verb,
            `${method} ${path}`,
          ],
        ),
      ),
    ]),
  )
  expect(routes).toEqual(served)
})

test('the client imports nothing of Node: at run time only its own files', () => {
  const folder = join(import.meta.dirname, '../../src/client')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(files.length).toBeGreaterThan(3)
  for (const file of files) {
    // An example in a comment may be of a program.
    const text = readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    const atRunTime = [...text.matchAll(/^(?:import|export) (?!type\b)[^'"]*?from '([^']+)'/gm)].map(
      ([, path]) => path,
    )
    for (const path of atRunTime) expect(path, `${file} imports it`).toMatch(/^\.\/[\w-]+\.ts$/)
    expect(text, `${file} names a global of Node`).not.toMatch(
      /\b(process|Buffer|require|__dirname|setImmediate)\b/,
    )
  }
})

/** What summaries begin with: what the verb of each endpoint does. */
const verbs =
  /^(?:Accept|Add|Adopt|Amend|Approve or reject|Cancel|Change|Check|Compare|Connect|Correct|Count|Create|Decide|Delegate|Delete|Disconnect|Fork|Get|Learn|List|Override|Pause|Preview|Promote|Redact|Reinstate|Reject|Resume|Retract|Retry|Revoke|Roll back|Run|Search|Set|Sign out|Signal|Start|Stop|Test|Undo|Update|Wake|Withdraw) /

/** What the endpoints of a resource are about, where that is not its name in the singular. */
const objects: Record<string, string> = {
  today: 'today',
  waiting: 'wait',
  bulk: 'bulk action',
  mcpServers: 'MCP server',
  memory: 'memory',
  evals: 'eval',
  logs: 'log line',
  sql: 'SQL query',
  pause: 'everything',
  policy: 'policy',
  storage: 'storage',
  switches: 'switch',
}

test('each summary says by a verb what is done, and names what it is done to', () => {
  const told = Object.entries(api).flatMap(([resource, endpoints]) =>
    (Object.values(endpoints) as { summary: string }[]).map(({ summary }) => ({ resource, summary })),
  )
  expect(told.length).toBeGreaterThan(120)
  const isNamed = ({ resource, summary }: (typeof told)[number]) =>
    new RegExp(`\\b${objects[resource] ?? resource.replace(/s$/, '')}`, 'i').test(summary)
  expect(told.filter(({ summary }) => !verbs.test(`${summary} `))).toEqual([])
  expect(told.filter((each) => !isNamed(each))).toEqual([])
  expect(told.filter(({ summary }) => summary.endsWith('.'))).toEqual([])
})

test('the document is OpenAPI 3.1: every reference is there, every path parameter is declared, ids are unique', () => {
  const document = openApiDocument() as { paths: Record<string, Record<string, Json>>; openapi: string }
  expect(document.openapi).toBe('3.1.0')
  const ids: unknown[] = []
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods)) {
      ids.push(operation.operationId)
      const declared = (operation.parameters as { name: string; in: string }[] | undefined) ?? []
      const inPath = declared.filter((each) => each.in === 'path').map(({ name }) => name)
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    }
  }
  expect(new Set(ids).size).toBe(ids.length)
  const text = JSON.stringify(document)
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer]) => pointer!)
  expect(references.length).toBeGreaterThan(0)
  for (const pointer of references) {
    const found = pointer.split('/').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document)
    expect(found, pointer).toBeDefined()
  }
})

test('every endpoint of the API says who may, and what it answers', () => {
  const { paths } = openApiDocument() as { paths: Record<string, Record<string, Json>> }
  for (const endpoint of Object.values(api).flatMap((resource) => Object.values(resource))) {
    const { method, path } = endpoint as { method: string; path: string }
    const operation = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    expect(operation, `${method} ${path}`).toMatchObject({ summary: expect.any(String) })
    expect(operation!.description).toMatch(/Needs the role (viewer|approver|operator|owner)\.$/)
  }
})

/** Every property of a JSON Schema with its path and the types that it may have. */
function* propertiesOf(schema: Json, path = ''): Generator<[path: string, name: string, types: unknown[]]> {
  const {
    properties = {},
    items,
    anyOf = [],
    oneOf = [],
    allOf = [],
    additionalProperties,
  } = schema as {
    [key: string]: never
  }
  for (const [name, value] of Object.entries<Json>(properties)) {
    const ways = (value.anyOf as Json[] | undefined) ?? [value]
    yield [`${path}.${name}`, name, ways.filter((way) => !way.enum).map((way) => way.type)]
    yield* propertiesOf(value, `${path}.${name}`)
  }
  for (const way of [...anyOf, ...oneOf, ...allOf]) yield* propertiesOf(way as Json, path)
  for (const inner of [items, additionalProperties])
    if (typeof inner === 'object') yield* propertiesOf(inner as Json, `${path}[]`)
}

test('what has an id is referred to by its noun and Id, in every answer', () => {
  const withId =
    /^(run|runs?Of|parent|child|approval|permission|proposal|execution|watch|forkedFrom|origin|delivery|token)$/
  const faults = Object.values(api)
    .flatMap((resource) => Object.values(resource) as unknown as { path: string; answer: z.ZodType }[])
    .flatMap(({ path, answer }) => {
      const schema = z.toJSONSchema(answer, { io: 'output', unrepresentable: 'any' }) as Json
      return [...propertiesOf(schema)]
        .filter(([, name, types]) => withId.test(name) && types.includes('string'))
        .map(([place]) => `${path} ${place}`)
    })
  // The secret of a token is told once, under its own name.
  expect(faults.filter((fault) => fault !== '/api/tokens .token')).toEqual([])
})

test('the reference has each endpoint, no script, and nothing from elsewhere', () => {
  const page = referencePage(openApiDocument())
  for (const endpoint of Object.values(api).flatMap((resource) => Object.values(resource))) {
    const { method, path } = endpoint as { method: string; path: string }
    expect(page).toContain(`${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  }
  expect(page).not.toMatch(/<script|<link|@import|src=|https?:\/\/(?!127\.0\.0\.1|reeve\.example)/i)
})
