import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { toJsonSchema } from '../../src/base/schema/schema.ts'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { type OpenApiOptions, openApiTools } from '../../src/tools/openapi/openapi-tools.ts'
import { LoopbackServer } from './loopback-server.ts'
import { callTool } from './tool-call.ts'

let server: LoopbackServer

beforeAll(async () => {
  server = await LoopbackServer.start((request, response) => {
    response.statusCode = request.url.includes('missing') ? 404 : 200
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ seen: request.url }))
  })
})
beforeEach(() => {
  server.received.length = 0
})
afterAll(() => server.close())

const orders = {
  openapi: '3.0.3',
  servers: [{ url: 'https://{region}.shop.example/v1', variables: { region: { default: 'eu' } } }],
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        summary: 'List orders',
        parameters: [
          { name: 'status', in: 'query', schema: { type: 'array', items: { enum: ['open', 'paid'] } } },
          { name: 'ids', in: 'query', explode: false, schema: { type: 'array', items: { type: 'integer' } } },
          { name: 'filter', in: 'query', style: 'deepObject', schema: { type: 'object' } },
          { $ref: '#/components/parameters/Tenant' },
          { name: 'session', in: 'cookie', schema: { type: 'string' } },
        ],
      },
      post: {
        operationId: 'orders/create',
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } },
        },
      },
    },
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {},
      put: {
        operationId: 'replaceOrder',
        parameters: [{ name: 'id', in: 'query', schema: { type: 'integer' } }],
        requestBody: { content: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } } },
      },
      delete: { operationId: 'deleteOrder' },
      patch: {
        operationId: 'changeOrder',
        parameters: [{ name: 'Idempotency-Key', in: 'header', required: true, schema: { type: 'string' } }],
        requestBody: { content: { 'application/json': { schema: {} } } },
      },
    },
  },
  components: {
    parameters: { Tenant: { name: 'X-Tenant', in: 'header', schema: { type: 'string' } } },
    schemas: {
      Order: {
        type: 'object',
        required: ['id', 'amount'],
        properties: {
          id: { type: 'string', readOnly: true },
          amount: { type: 'number', minimum: 0, exclusiveMinimum: true },
          note: { type: 'string', nullable: true },
          parts: { type: 'array', items: { $ref: '#/components/schemas/Order' } },
        },
      },
    },
  },
}

function tools(options: Partial<OpenApiOptions> = {}) {
  const made = openApiTools({
    name: 'shop',
    document: orders,
    server: `http://${server.host}/v1/`,
    allowPrivate: [server.host],
    ...options,
  })
  return Object.fromEntries(made.map((tool) => [tool.name, tool]))
}

test('makes a tool of each operation, with the class and risk of its method', () => {
  const made = Object.values(tools()).map(({ name, effect, risk }) => [name, effect, risk])
  expect(made).toEqual([
    ['shop.listOrders', 'read', 'low'],
    ['shop.orders_create', 'once', 'medium'],
    ['shop.get_orders_id', 'read', 'low'],
    ['shop.replaceOrder', 'idempotent', 'medium'],
    ['shop.changeOrder', 'idempotent', 'medium'],
    ['shop.deleteOrder', 'idempotent', 'high'],
  ])
})

test('an operation has the rate that the project gives it, and a wrong one is refused', () => {
  const rated = tools({ rate: ({ method }) => (method === 'GET' ? undefined : { count: 2, per: '1m' }) })
  expect(rated['shop.listOrders']!.rate).toBeUndefined()
  expect(rated['shop.deleteOrder']!.rate).toMatchObject({ count: 2, perMs: 60_000 })
  expect(() => tools({ rate: () => ({ count: 0, per: '1m' }) })).toThrow(
    expect.objectContaining({ code: 'bad-tool' }),
  )
})

test('an operation has the rate that the project gives it, and a wrong one is refused', () => {
  const rated = tools({ rate: ({ method }) => (method === 'GET' ? undefined : { count: 2, per: '1m' }) })
  expect(rated['shop.listOrders']!.rate).toBeUndefined()
  expect(rated['shop.deleteOrder']!.rate).toMatchObject({ count: 2, perMs: 60_000 })
  expect(() => tools({ rate: () => ({ count: 0, per: '1m' }) })).toThrow(
    expect.objectContaining({ code: 'bad-tool' }),
  )
})

test('puts each argument where the document wants it', async () => {
  const {
    'shop.listOrders': list,
    'shop.replaceOrder': replace,
    'shop.changeOrder': change,
  } = tools({
    credentials: () => ({ authorization: 'Bearer canary-4711' }),
  })
  const args = { status: ['open', 'paid'], ids: [1, 2], filter: { min: 5 }, 'X-Tenant': 'acme' }
  expect(await callTool(list!, args)).toEqual({
    status: 200,
    body: { seen: '/v1/orders?status=open&status=paid&ids=1%2C2&filter%5Bmin%5D=5' },
  })
  expect(server.received[0]!.headers).toMatchObject({
    'x-tenant': 'acme',
    authorization: 'Bearer canary-4711',
  })
  await callTool(replace!, { id: 'a/b?c', query_id: 7, body: { note: 'x & y' } })
  expect(server.received[1]).toMatchObject({
    method: 'PUT',
    url: '/v1/orders/a%2Fb%3Fc?id=7',
    body: 'note=x+%26+y',
  })
  await callTool(change!, { id: '7', body: 'text' }, { key: 'run1:4' })
  expect(server.received[2]).toMatchObject({ method: 'PATCH', body: '"text"' })
  expect(server.received[2]!.headers).toMatchObject({
    'idempotency-key': 'run1:4',
    'content-type': 'application/json',
  })
})

test('no argument leads to another operation', async () => {
  const { 'shop.deleteOrder': remove, 'shop.get_orders_id': get } = tools()
  for (const id of ['..', '.', '']) {
    await expect(callTool(remove!, { id })).rejects.toBeInstanceOf(NotApplied)
  }
  await callTool(get!, { id: '%2e%2e/admin' })
  expect(server.received.map(({ url }) => url)).toEqual(['/v1/orders/%252e%252e%2Fadmin'])
})

test('arguments are checked, by the schemas of the document in JSON Schema', async () => {
  const { 'shop.orders_create': create } = tools()
  await expect(callTool(create!, { body: { amount: 0 } })).rejects.toThrow(/body\.amount/)
  await expect(callTool(create!, { body: { amount: 1, parts: [{ amount: 'x' }] } })).rejects.toThrow(
    /parts\[0\]\.amount/,
  )
  await expect(callTool(create!, {})).rejects.toThrow(/body/)
  await expect(callTool(create!, { body: { amount: 1 }, other: 1 })).rejects.toThrow(/other/)
  await callTool(create!, { body: { amount: 1, note: null } })
  expect(server.received[0]!.body).toBe('{"amount":1,"note":null}')
  expect(toJsonSchema(create!.input)).toMatchObject({
    properties: { body: { $ref: '#/$defs/Order' } },
    $defs: { Order: { required: ['amount'], properties: { amount: { exclusiveMinimum: 0 } } } },
  })
})

test('a refusal is a result', async () => {
  const { 'shop.get_orders_id': get } = tools()
  expect(await callTool(get!, { id: 'missing' })).toMatchObject({ status: 404 })
})

test('reaches its server only, at a public address unless another is allowed', async () => {
  const { 'shop.listOrders': list } = tools({ allowPrivate: [] })
  await expect(callTool(list!, {})).rejects.toThrow(/not a public address/)
  let asked = ''
  const resolve = async (hostname: string) => {
    asked = hostname
    return ['10.0.0.1']
  }
  const [first] = openApiTools({ name: 'shop', document: orders, resolve })
  await expect(callTool(first!, {})).rejects.toThrow(/10\.0\.0\.1/)
  expect(asked).toBe('eu.shop.example')
})

test('only what is chosen has to be readable', () => {
  const document = structuredClone(orders) as unknown as { paths: Record<string, unknown> }
  document.paths['/upload'] = { post: { requestBody: { content: { 'multipart/form-data': {} } } } }
  expect(() => tools({ document })).toThrow(
    /paths\["\/upload"\]\.post\.requestBody\.content: none of multipart/,
  )
  const made = tools({ document, operations: ({ path }) => path !== '/upload' })
  expect(Object.keys(made)).toHaveLength(6)
})

const minimal = (change: object) => ({
  openapi: '3.1.0',
  servers: [{ url: 'https://a.example' }],
  paths: {},
  ...change,
})

test.each([
  ['a text', /must be an object/],
  [{ swagger: '2.0' }, /swagger: .*Swagger 2/],
  [{ openapi: '4.0.0', paths: {} }, /openapi: .*4\.0\.0/],
  [{ openapi: '3.1.0' }, /paths: it is missing/],
  [minimal({ servers: [] }), /servers: it is missing/],
  [minimal({ servers: [{ url: '/v1' }] }), /servers\[0\]\.url: "\/v1"/],
  [minimal({ servers: [{ url: 'file:///etc' }] }), /servers\[0\]\.url/],
  [minimal({ paths: { pets: {} } }), /paths\.pets: .*begin with "\/"/],
  [minimal({ paths: { '/a': { get: 7 } } }), /paths\["\/a"\]\.get: it must be an object/],
  [minimal({ paths: { '/a/{id}': { get: {} } } }), /paths\["\/a\/\{id\}"\]\.get: the path has \{id\}/],
  [
    minimal({ paths: { '/a': { get: { parameters: [{ name: 'q', in: 'body' }] } } } }),
    /parameters\[0\]\.in: "body" is not one of/,
  ],
  [
    minimal({ paths: { '/a': { get: { parameters: [{ name: 'q', in: 'query' }] } } } }),
    /parameters\[0\]\.schema: it is missing/,
  ],
  [
    minimal({ paths: { '/a': { get: { parameters: [{ $ref: 'https://evil.test/p.json' }] } } } }),
    /parameters\[0\]: it refers to "https:\/\/evil\.test\/p\.json", outside/,
  ],
  [
    minimal({ paths: { '/a': { get: { parameters: [{ $ref: '#/components/parameters/none' }] } } } }),
    /which is not there/,
  ],
  [
    minimal({
      paths: { '/a': { get: { parameters: [{ $ref: '#/components/parameters/a' }] } } },
      components: { parameters: { a: { $ref: '#/components/parameters/a' } } },
    }),
    /circle/,
  ],
  [
    minimal({ paths: { '/a': { get: { operationId: 'same' } }, '/b': { get: { operationId: 'same' } } } }),
    /paths\["\/b"\]\.get and paths\["\/a"\]\.get would both be the tool "shop\.same"/,
  ],
])('a bad document is refused by its place: %j', (document, message) => {
  expect(() => openApiTools({ name: 'shop', document })).toThrow(message)
})
