import { expect, test } from 'vitest'
import { type Client, createClient } from '../../src/client/index.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'
import { issueToken } from '../../src/store/identity/tokens.ts'
import { startServer } from './server-harness.ts'

const soon = () => new Date(Date.now() + 3_600_000).toISOString()
const suspended = { kind: 'suspend', grant: 'mail.send' } as const
const excepted = () => ({ kind: 'exception', tool: 'mail.send', until: soon() }) as const

test('a grant is suspended, expires, is narrowed or excepted, is listed, and is taken back', async () => {
  const server = await startServer()
  const owner = await server.as('owner')
  const principal = 'workflow:reply'
  const changes = [
    suspended,
    { kind: 'expire', grant: 'mail.send', at: soon() },
    { kind: 'narrow', grant: 'mail.send', args: { to: ['a@b.example'] } },
    excepted(),
  ] satisfies Parameters<Client['grants']['add']>[0]['body']['change'][]
  const { authority } = server.internals
  for (const change of changes) await owner.grants.add({ body: { principal, change, why: 'a trial' } })
  const { items } = await owner.grants.list()
  expect(items.map(({ change, why }) => [(change as { kind: string }).kind, why])).toEqual(
    changes.map(({ kind }) => [kind, 'a trial']),
  )
  expect(authority.current().changesOf(principal)).toHaveLength(4)
  const undone = await owner.grants.undo({ params: { change: items[0]!.id } })
  expect(undone.undoneAt).not.toBeNull()
  expect(authority.current().changesOf(principal)).toHaveLength(3)
  expect((await owner.grants.list({ query: { principal } })).items).toHaveLength(3)
  expect((await owner.grants.list({ query: { principal: 'agent:other' } })).items).toEqual([])
  await expect(owner.grants.undo({ params: { change: items[0]!.id } })).rejects.toMatchObject({
    code: 'grant-change-undone',
  })
})

test('a request that is repeated with its key changes the grants once', async () => {
  const owner = await (await startServer()).as('owner')
  const given = { body: { principal: 'workflow:reply', change: suspended }, idempotencyKey: 'k' }
  const first = await owner.grants.add(given)
  expect(await owner.grants.add(given)).toEqual(first)
  expect((await owner.grants.list()).items).toHaveLength(1)
})

test('a switch stops a workflow’s call at once, and only an owner takes it away', async () => {
  const server = await startServer()
  const [operator, owner] = [await server.as('operator'), await server.as('owner')]
  const place = { tool: 'mail.send' }
  expect(await operator.switches.set({ body: { ...place, mode: 'off', why: 'spam' } })).toEqual({
    agent: null,
    tool: 'mail.send',
    connector: null,
    mode: 'off',
  })
  expect((await operator.switches.list()).items).toMatchObject([
    { tool: 'mail.send', mode: 'off', why: 'spam' },
  ])
  const run = await server.runtime.startRun('reply', { to: 'a@b.example', text: 'x' })
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'call-denied' } })
  await expect(operator.switches.set({ body: { ...place, mode: 'allow' } })).rejects.toMatchObject({
    code: 'role-too-low',
  })
  expect(server.internals.authority.current().mode({ tool: 'mail.send' })).toBe('off')
  expect(await owner.switches.set({ body: { ...place, mode: 'allow' } })).toMatchObject({ mode: 'allow' })
  expect((await owner.switches.list()).items).toEqual([])
})

test('a workflow is revoked by an operator, and brought back by an owner', async () => {
  const server = await startServer()
  const [operator, owner] = [await server.as('operator'), await server.as('owner')]
  const params = { principal: 'workflow:reply' }
  expect(await operator.principals.revoke({ params, body: { why: 'odd mails' } })).toEqual({
    name: 'workflow:reply',
    isRevoked: true,
  })
  expect(server.internals.authority.current().principal('workflow:reply')?.isRevoked).toBe(true)
  await expect(operator.principals.reinstate({ params, body: {} })).rejects.toMatchObject({ status: 404 })
  expect(await owner.principals.reinstate({ params, body: {} })).toMatchObject({ isRevoked: false })
  expect(server.internals.authority.current().principal('workflow:reply')?.isRevoked).toBe(false)
  await expect(owner.principals.reinstate({ params, body: {} })).rejects.toMatchObject({
    code: 'not-revoked',
  })
  await expect(owner.principals.revoke({ params: { principal: 'ada' }, body: {} })).rejects.toMatchObject({
    code: 'unknown-principal',
  })
})

test.each<[string, 'approver' | 'operator', (reeve: Client) => Promise<unknown>]>([
  [
    'changes a grant',
    'approver',
    (reeve) => reeve.grants.add({ body: { principal: 'workflow:reply', change: suspended } }),
  ],
  [
    'makes an exception',
    'operator',
    (reeve) => reeve.grants.add({ body: { principal: 'workflow:reply', change: excepted() } }),
  ],
  ['takes a change back', 'operator', (reeve) => reeve.grants.undo({ params: { change: 'x' } })],
  ['sets a switch', 'approver', (reeve) => reeve.switches.set({ body: { mode: 'off' } })],
  [
    'revokes',
    'approver',
    (reeve) => reeve.principals.revoke({ params: { principal: 'workflow:reply' }, body: {} }),
  ],
])('who %s is more than %s', async (_what, role, ask) => {
  const server = await startServer()
  const before = server.internals.authority.current().version
  await expect(ask(await server.as(role))).rejects.toMatchObject({ code: 'role-too-low' })
  // A new principal is a change, too: the one that asked.
  await server.internals.authority.renew()
  expect(server.internals.authority.current().version).toBe(before + 1)
})

test.each([
  [{ principal: 'ada', change: suspended }, 'unknown-principal'],
  [
    { principal: 'workflow:reply', change: { kind: 'exception', tool: 'no.such', until: soon() } },
    'grant-without-tool',
  ],
  [
    { principal: 'workflow:reply', change: { kind: 'expire', grant: 'x', at: '2001-01-01T00:00:00.000Z' } },
    'bad-grant',
  ],
  [{ principal: 'workflow:reply', change: { kind: 'narrow', grant: 'x', args: { to: {} } } }, 'bad-grant'],
  [
    {
      principal: 'workflow:reply',
      change: { kind: 'exception', tool: 'mail.send', until: '2999-01-01T00:00:00.000Z' },
    },
    'bad-exception',
  ],
] as const)('of %j nothing is kept: %s', async (body, code) => {
  const owner = await (await startServer()).as('owner')
  await expect(owner.grants.add({ body: body as never })).rejects.toMatchObject({ code })
  expect((await owner.grants.list()).items).toEqual([])
})

test('a program makes no exception, whatever its role: it would count for nothing', async () => {
  const server = await startServer()
  const token = await server.internals.database.transaction(async (session) => {
    const acting = { by: 'test', proof: 'local-user', at: 1 } as const
    await addPrincipal(session, { name: 'robot', kind: 'service', role: 'owner' }, acting)
    const given = { id: 'robot-token', kind: 'access', principal: 'robot', name: 'test' } as const
    return issueToken(session, { ...given, role: 'owner', expires_at: null }, acting)
  })
  const robot = createClient({ url: server.url, token })
  const body = { principal: 'workflow:reply', change: excepted() }
  await expect(robot.grants.add({ body })).rejects.toMatchObject({ code: 'bad-exception' })
  expect((await robot.grants.list()).items).toEqual([])
})

test('who could have called a tool is told from what the code granted when the server started', async () => {
  const server = await startServer()
  const viewer = await server.as('viewer')
  const [from, until] = [new Date(Date.now() - 60_000).toISOString(), soon()]
  const { spans, unknownBefore } = await viewer.grants.who({ query: { tool: 'mail.send', from, until } })
  const span = spans.find(({ principal }) => principal === 'workflow:reply')
  expect(span).toMatchObject({ by: 'unlimited', grant: null, isAsked: false, until })
  expect(unknownBefore).toContainEqual({ principal: 'workflow:reply', at: span!.from })
  for (const query of [
    { tool: 'mail.send', from: until, until: from },
    { tool: 'mail.send', from, until, args: '[1]' },
  ])
    await expect(viewer.grants.who({ query })).rejects.toMatchObject({ code: 'bad-option' })
})

test('a level is looked at by everybody, and given by an owner within what is earned', async () => {
  const server = await startServer()
  const [viewer, owner] = [await server.as('viewer'), await server.as('owner')]
  const params = { principal: 'workflow:reply' }
  expect(await viewer.levels.get({ params })).toMatchObject({
    held: 'observe',
    effective: 'observe',
    proposed: null,
  })
  expect((await viewer.levels.list()).items).toEqual([])
  await expect(viewer.levels.set({ params, body: { level: 'observe' } })).rejects.toMatchObject({
    code: 'role-too-low',
  })
  await expect(owner.levels.set({ params, body: { level: 'autonomous' } })).rejects.toMatchObject({
    code: 'level-not-earned',
  })
  expect(await owner.levels.set({ params, body: { level: 'observe', why: 'a trial' } })).toMatchObject({
    held: 'observe',
  })
  expect((await viewer.levels.list()).items).toMatchObject([
    { principal: 'workflow:reply', level: 'observe' },
  ])
  // From then on it does nothing that acts.
  const run = await server.runtime.startRun('reply', { to: 'a@b.example', text: 'x' })
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'call-denied' } })
  await expect(viewer.levels.get({ params: { principal: 'agent:none' } })).rejects.toMatchObject({
    code: 'unknown-principal',
  })
})
