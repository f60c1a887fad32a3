import { expect, onTestFinished, test } from 'vitest'
import { rest } from '../../src/connectors/rest/index.ts'
import { schemesOf } from '../../src/connectors/shape/connection.ts'
import { contractDiff, contractOf } from '../../src/connectors/shape/contract.ts'
import type { StandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { startOf } from '../../src/testing/connector-checks/desk.ts'
import { atTheDoor } from './at-the-door.ts'
import { restCase, shop } from './cases/rest/case.ts'
import { shopDocument } from './cases/rest/shop-document.ts'

type Changed = { [name: string]: unknown }

/** The document with something else at a place. */
function changed(path: string, value: unknown): Changed {
  const document = structuredClone(shopDocument) as unknown as Changed
  const steps = path.split(' ')
  const last = steps.pop()!
  let at = document
  for (const step of steps) {
    at[step] ??= {}
    at = at[step] as Changed
  }
  at[last] = value
  return document
}

const made = (document: unknown, more: object = {}) => rest({ name: 'shop', document, ...more })

async function startShop(): Promise<StandIn> {
  const standIn = await startOf(restCase, Date.now)
  onTestFinished(() => standIn.close())
  return standIn
}

test('an operation is an action: what it calls, what it may do, and which of its arguments direct', () => {
  const { actions } = contractOf(shop.definition)
  expect(Object.keys(actions)).toEqual([
    'getMe',
    'listOrders',
    'createOrder',
    'getOrder',
    'changeOrder',
    'delete_order',
  ])
  expect(Object.entries(actions).map(([, { effect }]) => effect)).toEqual([
    'read',
    'read',
    'idempotent',
    'read',
    'once',
    'idempotent',
  ])
  expect(actions.createOrder).toMatchObject({ endpoints: ['POST /orders'], sends: 'outside' })
  const tool = (name: string) => shop().tools.find((each) => each.name === `shop.${name}`)!
  expect(tool('changeOrder').governed().roles).toMatchObject({
    id: 'directs',
    email: 'directs',
    amount: 'amount',
    note: 'content',
  })
  expect(tool('getOrder').governed()).toMatchObject({ reads: 'private', sends: 'none', answers: 'untrusted' })
})

test("calls go out as the document says, with the effect's key, and come back as data", async () => {
  const standIn = await startShop()
  const desk = atTheDoor(shop(), standIn)
  const args = { email: 'ann@x.example', amount: 5 }
  const { status, body } = await desk.run('createOrder', args, 'reeve:run-1:1')
  expect([status, body]).toEqual([201, expect.objectContaining({ id: 'made-1', ...args })])
  // The same key is the same order.
  expect((await desk.run('createOrder', args, 'reeve:run-1:1')).body.id).toBe('made-1')
  expect(standIn.requests.at(-1)).toMatchObject({
    headers: { 'idempotency-key': 'reeve:run-1:1', 'x-shop-key': 'stand-in-key' },
  })
  expect(JSON.parse(standIn.requests.at(-1)!.body.toString())).toEqual(args)
  expect((await desk.run('changeOrder', { id: 'made-1', email: 'b@x.example', amount: 6 })).body.amount).toBe(
    6,
  )
  expect((await desk.run('getOrder', { id: 'made-1' })).body.email).toBe('b@x.example')
  expect((await desk.run('delete_order', { id: 'made-1' })).status).toBe(204)
  await expect(desk.run('getOrder', { id: 'made-1' })).rejects.toMatchObject({
    code: 'not-applied',
    details: { status: 404 },
  })
  expect(await desk.probe()).toEqual({})
  await expect(desk.run('getOrder', { id: '..' })).rejects.toThrow('cannot be used')
})

test('a list of names chooses operations, and gives them types', async () => {
  const few = rest({
    name: 'shop',
    document: shopDocument,
    operations: ['createOrder', 'getOrder'],
    health: { operation: 'getMe', facts: (body) => ({ identity: (body as { account: string }).account }) },
    rules: { createOrder: { risk: 'high', key: 'x-request-id', directs: ['email'] } },
  })
  expect(few().actions.createOrder.name).toBe('shop.createOrder')
  expect(Object.keys(few.definition.actions)).toEqual(['createOrder', 'getOrder'])
  const start = await few.definition.sandbox.standIn.load()
  const standIn = (await start({})) as StandIn
  onTestFinished(() => standIn.close())
  const desk = atTheDoor(few(), standIn)
  expect(await desk.probe()).toEqual({ identity: 'shop-1' })
  await desk.run('createOrder', { email: 'a@x.example', amount: 1 }, 'reeve:run-9:1')
  expect(standIn.requests.at(-1)!.headers['x-request-id']).toBe('reeve:run-9:1')
})

test('several accounts add their argument to a schema of the document', () => {
  const two = shop({ accounts: ['north', 'south'] })
  const schema = two.actions.getOrder!.input['~standard']
  expect(schema.validate({ id: '1', account: 'north' })).toEqual({ value: { id: '1', account: 'north' } })
  expect(schema.validate({ id: '1', account: 'west' })).toHaveProperty('issues')
})

test('another document is another contract, and is refused where it is pinned', () => {
  const path = 'paths /orders post parameters'
  const other = made(changed(path, []))
  const paths = contractDiff(contractOf(shop.definition), contractOf(other.definition)).map(
    (each) => each.path,
  )
  expect(paths).toContain('source')
  expect(paths).toContain('actions.createOrder.effect')
  const pin = shop.definition.source!.split(' ').at(-1)!
  expect(() => made(shopDocument, { pin })).not.toThrow()
  expect(() => made(changed(path, []), { pin })).toThrow(/another one: its fingerprint is [\w-]{32}/)
})

test('signs in as the document says', () => {
  const kinds = (document: unknown) =>
    schemesOf(made(document)()).map(({ kind, headers, oauth }) => ({ kind, headers, oauth }))
  expect(
    kinds(changed('security', [{ key: [] }, { signIn: ['orders:write'] }])).map(({ kind }) => kind),
  ).toEqual(['api-key', 'oauth2'])
  const [only] = kinds(changed('security', [{ signIn: ['orders:write'] }]))
  expect(only!.oauth).toMatchObject({
    token: 'https://shop.example/token',
    flows: ['code'],
    scopes: ['orders:write'],
  })
  const bearer = changed('components securitySchemes key', { type: 'http', scheme: 'bearer' })
  expect(kinds(bearer)[0]!.headers({ key: 'k' })).toEqual({ authorization: 'Bearer k' })
  expect(kinds(changed('security', []))[0]!.kind).toBe('none')
})

const deep: Changed = {}
deep.again = deep

const withoutTls = {
  ...changed(
    'components securitySchemes signIn flows authorizationCode tokenUrl',
    'http://shop.example/token',
  ),
  security: [{ signIn: [] }],
}

test.each([
  [
    'a key in the query',
    changed('components securitySchemes key in', 'query'),
    /query, where keys are kept in logs.*`auth`/,
  ],
  [
    'OpenID Connect',
    changed('components securitySchemes key', { type: 'openIdConnect' }),
    /openIdConnect.*`auth`/,
  ],
  ['two ways at once', changed('security', [{ key: [], signIn: [] }]), /no one way to sign in/],
  ['tokens without TLS', withoutTls, /begins with https/],
  ['a relative server', changed('servers', [{ url: '/v1' }]), /"\/v1" is not the whole URL.*`server`/],
  ['no server', changed('servers', []), /`server`/],
  [
    'an operation at another host',
    changed('paths /orders post servers', [{ url: 'https://evil.example' }]),
    /evil\.example.*api\.shop\.example/,
  ],
  [
    'a path at another host',
    changed('paths /orders servers', [{ url: 'https://evil.example' }]),
    /evil\.example/,
  ],
  [
    'a path that leads out',
    { ...shopDocument, paths: { '/a/../../admin': shopDocument.paths['/me'] } },
    /leads elsewhere/,
  ],
  [
    'references in a circle',
    changed('paths /me get parameters', [{ $ref: '#/paths/~1me/get/parameters/0' }]),
    /circle/,
  ],
  [
    'references elsewhere',
    changed('paths /me get parameters', [{ $ref: 'https://evil.example/x' }]),
    /outside this document/,
  ],
  ['a document that refers to itself', changed('x-loop', deep), /refers to itself/],
  ['no paths', { openapi: '3.1.0' }, /paths/],
  [
    'nothing that reads without arguments',
    changed('paths', { '/o/{id}': shopDocument.paths['/orders/{id}'] }),
    /health/,
  ],
  [
    'too many operations',
    changed('paths', Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`/p${i}`, { get: {} }]))),
    /201 operations.*`operations`/,
  ],
  ['a text', 'openapi: 3.1.0', /must be an object/],
] as [string, unknown, RegExp][])('says what is wrong with %s', (_what, document, message) => {
  expect(() => made(document)).toThrow(message)
})

test('a name that the document does not have is told beside those that it has', () => {
  expect(() => made(shopDocument, { operations: ['refund'] })).toThrow(/no operation "refund".*createOrder/)
  expect(() => made(shopDocument, { rules: { refund: {} } })).toThrow(/no operation "refund"/)
})

test('an expensive pattern of the document does not stop the process', () => {
  const document = changed('components schemas NewOrder properties note', {
    type: 'string',
    pattern: '^(a+)+$',
  })
  const note = `${'a'.repeat(5_000)}!`
  const began = performance.now()
  const its = made(document)().actions.createOrder!.input['~standard']
  expect(its.validate({ email: 'a@x.example', amount: 1, note })).toHaveProperty('issues')
  expect(performance.now() - began).toBeLessThan(1_000)
})

test('an account of the sandbox needs a server of the sandbox', () => {
  const url = shop.definition.sandbox.url as () => string
  expect(url).toThrow(/no test environment/)
  const its = made(shopDocument, { sandbox: { server: 'https://sandbox.shop.example' } })
  expect((its.definition.sandbox.url as () => string)()).toBe('https://sandbox.shop.example')
})
