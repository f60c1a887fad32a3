import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { github } from '../../src/connectors/github/index.ts'
import { startGitHub } from '../../src/connectors/github/stand-in.ts'
import { hubspot } from '../../src/connectors/hubspot/index.ts'
import { startHubSpot } from '../../src/connectors/hubspot/stand-in.ts'
import { notion } from '../../src/connectors/notion/index.ts'
import { startNotion } from '../../src/connectors/notion/stand-in.ts'
import { s3 } from '../../src/connectors/s3/index.ts'
import { startS3 } from '../../src/connectors/s3/stand-in.ts'
import { salesforce } from '../../src/connectors/salesforce/index.ts'
import { startSalesforce } from '../../src/connectors/salesforce/stand-in.ts'
import type { Connection } from '../../src/connectors/shape/connection.ts'
import type { SandboxOptions } from '../../src/connectors/shape/sandbox.ts'
import type { StandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { zendesk } from '../../src/connectors/zendesk/index.ts'
import { startZendesk } from '../../src/connectors/zendesk/stand-in.ts'
import { PutOff } from '../../src/engine/calls/effect/definition.ts'
import { atTheDoor } from './at-the-door.ts'

type Desk = ReturnType<typeof atTheDoor>

async function opened<Started extends StandIn>(connection: Connection, start: () => Promise<Started>) {
  const standIn = await start()
  onTestFinished(() => standIn.close())
  return { standIn, desk: atTheDoor(connection, standIn) }
}

/** An effect that is done, and whose answer is lost. */
interface Effect {
  action: string
  /** Which of its requests does it: a route of the stand-in. */
  route: string
  args(standIn: never): unknown
  /** What stands in the books afterwards. */
  deed: string
}

interface Service {
  name: string
  connection: Connection
  start(options?: SandboxOptions): Promise<StandIn>
  /** A read that can be refused. */
  read: { action: string; args(standIn: never): unknown; field: string }
  effects: Effect[]
  identity: unknown
}

const richText = (content: string) => [{ text: { content } }]

type Zendesk = Awaited<ReturnType<typeof startZendesk>>
type HubSpot = Awaited<ReturnType<typeof startHubSpot>>
type Salesforce = Awaited<ReturnType<typeof startSalesforce>>
type Notion = Awaited<ReturnType<typeof startNotion>>
type GitHub = Awaited<ReturnType<typeof startGitHub>>

const contacts = '/crm/objects/2026-03/:kind'
const sobjects = '/services/data/v67.0/sobjects/:object'
const repo = '/repos/:owner/:name'

const services: Service[] = [
  {
    name: 'Zendesk',
    connection: zendesk(),
    start: startZendesk,
    identity: { identity: '9001', name: 'agent@example.com' },
    read: { action: 'getTicket', field: 'id', args: (its: Zendesk) => ({ id: its.add({ subject: 'x' }) }) },
    effects: [
      {
        action: 'createTicket',
        route: 'POST /api/v2/tickets',
        args: () => ({ subject: 'Hi', body: 'Text' }),
        deed: 'ticket-created',
      },
      ...['reply', 'addNote'].map((action) => ({
        action,
        route: 'PUT /api/v2/tickets/:id',
        args: (its: Zendesk) => ({ id: its.add({ subject: 'x' }), body: 'Thanks' }),
        deed: 'comment-added',
      })),
      {
        action: 'updateTicket',
        route: 'PUT /api/v2/tickets/:id',
        args: (its: Zendesk) => ({ id: its.add({ subject: 'x' }), status: 'solved', tags: ['a'] }),
        deed: 'ticket-updated',
      },
    ],
  },
  {
    name: 'HubSpot',
    connection: hubspot(),
    start: startHubSpot,
    identity: { identity: '4242001', mode: 'sandbox' },
    read: {
      action: 'getRecord',
      field: 'id',
      args: (its: HubSpot) => ({ object: 'contacts', id: its.add('contacts', {}) }),
    },
    effects: [
      {
        action: 'createRecord',
        route: `POST ${contacts}`,
        args: () => ({ object: 'deals', properties: { dealname: 'Big', amount: '100' } }),
        deed: 'deals-created',
      },
      {
        action: 'updateRecord',
        route: `PATCH ${contacts}/:id`,
        args: (its: HubSpot) => ({
          object: 'contacts',
          id: its.add('contacts', { phone: '1' }),
          properties: { phone: '2' },
        }),
        deed: 'contacts-updated',
      },
    ],
  },
  {
    name: 'Salesforce',
    connection: salesforce(),
    start: startSalesforce,
    identity: { identity: '00D000000000001EAA', name: 'agent@example.com' },
    read: {
      action: 'getRecord',
      field: 'LastName',
      args: (its: Salesforce) => ({
        object: 'Contact',
        id: its.add('Contact', { LastName: 'A' }),
        fields: ['LastName'],
      }),
    },
    effects: [
      {
        action: 'createRecord',
        route: `PATCH ${sobjects}/:field/:value`,
        args: () => ({ object: 'Contact', fields: { LastName: "O'Neil" } }),
        deed: 'Contact-created',
      },
      {
        action: 'updateRecord',
        route: `PATCH ${sobjects}/:id`,
        args: (its: Salesforce) => ({
          object: 'Opportunity',
          id: its.add('Opportunity', { Amount: 1 }),
          fields: { Amount: 2 },
        }),
        deed: 'Opportunity-updated',
      },
    ],
  },
  {
    name: 'Notion',
    connection: notion(),
    start: startNotion,
    identity: { identity: 'ws-1' },
    read: { action: 'getPage', field: 'id', args: (its: Notion) => ({ id: its.add(its.dataSource, {}) }) },
    effects: [
      {
        action: 'createPage',
        route: 'POST /v1/pages',
        args: (its: Notion) => ({
          parent: { data_source_id: its.dataSource },
          properties: { Name: { title: richText('Call Ann') } },
          text: 'One\nTwo',
        }),
        deed: 'page-created',
      },
      {
        action: 'updatePage',
        route: 'PATCH /v1/pages/:id',
        args: (its: Notion) => ({
          id: its.add(its.dataSource, { Name: { title: richText('Old') }, Done: { checkbox: false } }),
          properties: {
            Name: { title: richText('New') },
            Done: { checkbox: true },
            Status: { select: { name: 'Open' } },
          },
        }),
        deed: 'page-updated',
      },
      {
        action: 'trashPage',
        route: 'PATCH /v1/pages/:id',
        args: (its: Notion) => ({ id: its.add(its.dataSource, {}) }),
        deed: 'page-trashed',
      },
    ],
  },
  {
    name: 'GitHub',
    connection: github(),
    start: startGitHub,
    identity: { identity: '77', name: 'reeve-bot' },
    read: {
      action: 'getIssue',
      field: 'number',
      args: (its: GitHub) => ({ repository: 'acme/shop', number: its.add({ title: 'x' }) }),
    },
    effects: [
      {
        action: 'createIssue',
        route: `POST ${repo}/issues`,
        args: () => ({ repository: 'acme/shop', title: 'Broken', body: 'It is', labels: ['bug'] }),
        deed: 'issue-created',
      },
      {
        action: 'addComment',
        route: `POST ${repo}/issues/:number/comments`,
        args: (its: GitHub) => ({ repository: 'acme/shop', number: its.add({ title: 'x' }), body: 'Seen' }),
        deed: 'comment-added',
      },
      {
        action: 'updateIssue',
        route: `PATCH ${repo}/issues/:number`,
        args: (its: GitHub) => ({
          repository: 'acme/shop',
          number: its.add({ title: 'x', labels: ['b', 'a'] }),
          state: 'closed',
          labels: ['d', 'c'],
        }),
        deed: 'issue-updated',
      },
    ],
  },
  {
    name: 'S3',
    connection: s3(),
    start: startS3,
    identity: { identity: 'shop-files' },
    read: { action: 'list', field: '', args: () => ({}) },
    effects: [
      {
        action: 'write',
        route: 'PUT /:bucket/*key',
        args: () => ({ key: 'a b/ü+.txt', content: 'hello', only: { isNew: true } }),
        deed: 'object-put',
      },
    ],
  },
]

const effects = services.flatMap((service) =>
  service.effects.map((effect) => [service.name, effect.action, service, effect] as const),
)

describe.each(services.map((service) => [service.name, service] as const))('%s', (_name, service) => {
  test('says whose account it is', async () => {
    const { desk } = await opened(service.connection, () => service.start())
    expect(await desk.probe()).toMatchObject(service.identity as object)
  })

  test('puts a call off while it is refused by rate, and tells how long', async () => {
    const { desk, standIn } = await opened(service.connection, () => service.start())
    standIn.faults.add({ kind: 'rate-limited', retryAfterS: 7, times: 1 })
    const args = service.read.args(standIn as never)
    await expect(desk.run(service.read.action, args)).rejects.toBeInstanceOf(PutOff)
    expect(desk.told).toContain('rate {"waitMs":7000}')
    await desk.run(service.read.action, args)
  })

  test('asks for a person when it does not know the credential any more', async () => {
    const { desk, standIn } = await opened(service.connection, () => service.start())
    standIn.faults.add({ kind: 'unauthorized', times: 1 })
    await expect(desk.run(service.read.action, service.read.args(standIn as never))).rejects.toBeInstanceOf(
      PutOff,
    )
    expect(desk.told.some((line) => line.startsWith('lost '))).toBe(true)
  })

  test('reads a page of HTML, and a field that is gone, as what they are', async () => {
    const { desk, standIn } = await opened(service.connection, () => service.start())
    const args = service.read.args(standIn as never)
    standIn.faults.add({ kind: 'error-page', times: 1 })
    await expect(desk.run(service.read.action, args)).rejects.toMatchObject({
      code: 'not-applied',
      retryable: true,
    })
    if (service.read.field === '') return
    standIn.faults.add({ kind: 'changed-field', field: service.read.field, as: 'renamed' })
    await expect(desk.run(service.read.action, args)).rejects.toThrow(service.read.field)
  })
})

describe.each(effects)('%s %s', (_name, action, service, effect) => {
  const isOwn = (desk: Desk, args: unknown, key: string) => desk.verify(action, args, key)

  test('is found again when its answer was lost, and by its own key alone', async () => {
    const { desk, standIn } = await opened(service.connection, () => service.start())
    const args = effect.args(standIn as never)
    expect(await isOwn(desk, args, 'reeve:run-1:1')).toEqual({ outcome: 'not-applied' })
    standIn.faults.add({ kind: 'lost-answer', on: effect.route, times: 1 })
    const lost = await desk.run(action, args).catch((error: unknown) => error)
    expect(lost).toMatchObject({ retryable: true })
    expect((lost as { code: string }).code).not.toBe('not-applied')
    expect(standIn.books.count(effect.deed)).toBe(1)
    expect(await isOwn(desk, args, 'reeve:run-1:1')).toMatchObject({ outcome: 'applied' })
    const isKeyed = !/^(?:updateRecord|updatePage|trashPage|updateIssue)$/.test(action)
    if (isKeyed) expect(await isOwn(desk, args, 'reeve:run-1:2')).toEqual({ outcome: 'not-applied' })
    expect(standIn.books.doubled()).toEqual([])
  })

  test('is not known to be undone when the service fails after it, and certainly undone when it was refused', async () => {
    const { desk, standIn } = await opened(service.connection, () => service.start())
    const args = effect.args(standIn as never)
    standIn.faults.add({ kind: 'server-error', status: 500, on: effect.route, times: 1 })
    await expect(desk.run(action, args)).rejects.toMatchObject({ code: 'service-failed', retryable: true })
    standIn.faults.add({ kind: 'rate-limited', on: effect.route, times: 1 })
    await expect(desk.run(action, args)).rejects.toBeInstanceOf(PutOff)
    expect(standIn.books.count(effect.deed)).toBe(0)
  })
})

test.each(effects)(
  '%s %s stands in the file of its sandbox before it is answered',
  async (_name, action, service, effect) => {
    const folder = await mkdtemp(join(tmpdir(), 'reeve-sandbox-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'state.json')
    const first = await opened(service.connection, () => service.start({ file }))
    const args = effect.args(first.standIn as never)
    first.standIn.faults.add({ kind: 'lost-answer', on: effect.route, times: 1 })
    await first.desk.run(action, args).catch(() => {})
    const second = await opened(service.connection, () => service.start({ file }))
    expect(await second.desk.verify(action, args)).toMatchObject({ outcome: 'applied' })
  },
)

type Undoing = [
  string,
  Service,
  string,
  (standIn: never) => unknown,
  (standIn: never, args: never, result: never) => unknown,
]
const undoings: Undoing[] = []
for (const service of services)
  for (const effect of service.effects)
    if ((service.connection.definition.actions[effect.action].definition as { undo?: unknown }).undo)
      undoings.push([
        `${service.name} ${effect.action}`,
        service,
        effect.action,
        effect.args,
        () => undefined,
      ])

test.each(undoings)(
  '%s is taken back once, also when the answer of that is lost',
  async (_name, service, action, argsOf) => {
    const { desk, standIn } = await opened(service.connection, () => service.start())
    const args = argsOf(standIn as never)
    const result = await desk.run(action, args)
    const undo = service.connection.definition.actions[action].definition.undo as { effect: string }
    if (undo.effect === 'verifiable') expect(await desk.verifyUndo(action, args, result)).toBe('not-applied')
    await desk.undo(action, args, result)
    if (undo.effect === 'verifiable') expect(await desk.verifyUndo(action, args, result)).toBe('applied')
    else await desk.undo(action, args, result)
  },
)

test("an update is not taken back over somebody else's, nor where nobody looked before it", async () => {
  const { desk, standIn } = await opened(zendesk(), () => startZendesk())
  const id = standIn.add({ subject: 'x', status: 'open' })
  const solved = await desk.run('updateTicket', { id, status: 'solved' })
  expect(solved.changes).toEqual([{ field: 'status', from: 'open', to: 'solved' }])
  await desk.run('updateTicket', { id, status: 'pending' }, 'reeve:run-2:1')
  await expect(desk.undo('updateTicket', { id, status: 'solved' }, solved)).rejects.toThrow(
    'was changed since: status',
  )
  const crm = await opened(hubspot(), () => startHubSpot())
  const args = {
    object: 'contacts',
    id: crm.standIn.add('contacts', { phone: '1' }),
    properties: { phone: '2' },
  }
  crm.standIn.faults.add({ kind: 'lost-answer', on: `PATCH ${contacts}/:id`, times: 1 })
  await crm.desk.run('updateRecord', args).catch(() => {})
  const found = (await crm.desk.verify('updateRecord', args)) as { result: unknown }
  await expect(crm.desk.undo('updateRecord', args, found.result)).rejects.toThrow('is not known')
})

describe('what they read', () => {
  test('Zendesk gives a search page after page, and comments with who wrote them', async () => {
    const { desk, standIn } = await opened(zendesk(), () => startZendesk())
    for (let number = 1; number <= 230; number++)
      standIn.add({ subject: `Order ${number}`, comment: { body: 'where?' } })
    const { tickets, total } = await desk.run('searchTickets', { query: 'order', limit: 220 })
    expect([tickets.length, new Set(tickets.map(({ id }: { id: number }) => id)).size, total]).toEqual([
      220, 220, 230,
    ])
    await desk.run('reply', { id: 1, body: 'Soon' })
    expect((await desk.run('listComments', { id: 1, limit: 1 })).hasMore).toBe(true)
    const { comments, hasMore } = await desk.run('listComments', { id: 1 })
    expect([comments.map(({ body }: { body: string }) => body), hasMore]).toEqual([['where?', 'Soon'], false])
  })

  test('Zendesk that signs nobody in is a lost credential', async () => {
    const { desk, standIn } = await opened(zendesk(), () => startZendesk())
    standIn.faults.add({ kind: 'changed-field', field: 'id', as: 'nobody' })
    const { refusal } = zendesk.definition
    expect(refusal?.({ status: 200, json: { user: { id: null } } } as never)).toMatchObject({
      kind: 'credential',
    })
    expect(refusal?.({ status: 200, json: { user: { id: 1 } } } as never)).toBeUndefined()
    expect(desk.told).toEqual([])
  })

  test('HubSpot gives a search in pages, and names the scope that an action lacks', async () => {
    const { desk, standIn } = await opened(hubspot(), () =>
      startHubSpot({ scopes: ['crm.objects.contacts.read'] }),
    )
    for (let number = 0; number < 205; number++)
      standIn.add('contacts', { email: `p${number}@x.example`, city: 'Bonn' })
    const filters = [{ property: 'city', operator: 'EQ', value: 'Bonn' }]
    const { records, total } = await desk.run('searchRecords', {
      object: 'contacts',
      filters,
      properties: ['email'],
      limit: 205,
    })
    expect([records.length, total, records[204].properties.email]).toEqual([205, 205, 'p204@x.example'])
    const create = desk.run('createRecord', { object: 'contacts', properties: { email: 'x@x.example' } })
    await expect(create).rejects.toThrow('lacks crm.objects.contacts.write')
    await expect(desk.run('createRecord', { object: 'quotes', properties: {} })).rejects.toThrow()
  })

  test('HubSpot without the unique property says so before anything is made', async () => {
    const { desk, standIn } = await opened(hubspot(), () => startHubSpot({ uniqueProperties: [] }))
    const create = desk.run('createRecord', { object: 'contacts', properties: { email: 'x@x.example' } })
    await expect(create).rejects.toThrow('Property "reeve_key" does not exist')
    expect(standIn.books.deeds).toEqual([])
  })

  test('Salesforce quotes what it is asked for, and goes through all pages', async () => {
    const { desk, standIn } = await opened(salesforce(), () => startSalesforce({ pageSize: 2 }))
    for (const LastName of ["O'Neil", 'Ash', "x' OR LastName != '", 'Birch', 'Cedar'])
      standIn.add('Contact', { LastName, CreatedOn__c: '2026-07-01' })
    const search = (where: unknown[], limit = 50) =>
      desk.run('searchRecords', { object: 'Contact', fields: ['LastName'], where, limit })
    expect((await search([])).records.length).toBe(5)
    expect((await search([], 3)).records.length).toBe(3)
    const names = async (value: string) =>
      (await search([{ field: 'LastName', value }])).records.map(
        ({ fields }: { fields: { LastName: string } }) => fields.LastName,
      )
    expect(await names("O'Neil")).toEqual(["O'Neil"])
    expect(await names("x' OR LastName != '")).toEqual(["x' OR LastName != '"])
    expect(await names('\\')).toEqual([])
    expect(
      (await search([{ field: 'CreatedOn__c', operator: '>=', value: { date: '2026-07-01' } }])).total,
    ).toBe(5)
    await expect(search([{ field: 'Name FROM Account --', value: 1 }])).rejects.toThrow(
      'letters, digits and _',
    )
    await expect(search([{ field: 'Name', value: { date: "2026' OR" } }])).rejects.toThrow()
  })

  test('Notion gives its own JSON for values, lines for text, and does not look for what carries no key', async () => {
    const { desk, standIn } = await opened(notion(), () => startNotion())
    const page = await desk.run('createPage', {
      parent: { data_source_id: standIn.dataSource },
      properties: { Name: { title: richText('Ann') } },
      text: 'One\nTwo',
    })
    expect(
      (await desk.run('readPage', { id: page.id })).lines.map(({ type }: { type: string }) => type),
    ).toEqual(['paragraph', 'paragraph'])
    expect((await desk.run('search', { query: 'ann' })).found).toEqual([{ id: page.id, title: 'Ann' }])
    const filter = { property: 'Name', title: { contains: 'an' } }
    expect((await desk.run('queryDataSource', { id: standIn.dataSource, filter })).pages.length).toBe(1)
    const below = { parent: { page_id: page.id }, properties: { title: { title: richText('Below') } } }
    await desk.run('createPage', below)
    expect(await desk.verify('createPage', below)).toMatchObject({ outcome: 'unknown' })
    expect((await desk.run('addComment', { page: page.id, text: 'x'.repeat(4001) })).id).toBeTypeOf('string')
    const many = { id: page.id, text: Array.from({ length: 101 }, () => 'x').join('\n') }
    await expect(desk.run('appendText', many)).rejects.toThrow('100 paragraphs at once')
  })

  test('GitHub shows texts without their keys, and believes its own alone', async () => {
    const { desk, standIn } = await opened(github(), () => startGitHub())
    const args = { repository: 'acme/shop', title: 'Broken', body: 'It is' }
    const key = 'reeve:run--1:1'
    const mine = await desk.run('createIssue', args, key)
    expect([mine.body, mine.author, mine.is_pull_request]).toEqual(['It is', 'reeve-bot', false])
    const mark = String(standIn.issue(1)?.fields.body).slice('It is\n\n'.length)
    expect(mark).toBe('<!-- reeve:reeve%3Arun%2D%2D1%3A1 -->')
    // A stranger who reads it writes the next one.
    standIn.add({ title: 'Hm', body: `Hello ${mark.replace('1%3A1 ', '1%3A2 ')}` })
    expect(await desk.verify('createIssue', args, 'reeve:run--1:2')).toEqual({ outcome: 'not-applied' })
    for (let number = 0; number < 120; number++) standIn.add({ title: `n${number}` })
    const { issues } = await desk.run('listIssues', { repository: 'acme/shop', limit: 110 })
    expect([issues.length, issues[0].title]).toEqual([110, 'n119'])
    const number = standIn.addPull({ title: 'Fix', head: 'fix' }, [
      { filename: 'a.ts', status: 'modified', additions: 1, deletions: 0, patch: '+x' },
    ])
    expect(await desk.run('getPullRequest', { repository: 'acme/shop', number })).toMatchObject({
      head: 'fix',
      base: 'main',
    })
    expect((await desk.run('listFiles', { repository: 'acme/shop', number })).files).toHaveLength(1)
    expect((await desk.run('listPullRequests', { repository: 'acme/shop' })).pulls).toHaveLength(1)
    expect(
      (await desk.run('searchIssues', { repository: 'acme/shop', query: 'broken repo:other/place' })).total,
    ).toBe(1)
    await expect(desk.run('getIssue', { repository: 'acme/..', number: 1 })).rejects.toThrow('OWNER/NAME')
    for (let more = 0; more < 300; more++) standIn.add({ title: `m${more}` })
    expect(await desk.verify('createIssue', args, 'reeve:run--1:3')).toMatchObject({ outcome: 'unknown' })
  })

  test('GitHub over its first limit waits until its own clock says so', async () => {
    const { desk, standIn } = await opened(github(), () =>
      startGitHub({ limit: { count: 1, perMs: 60_000 } }),
    )
    standIn.skewMs = 3_600_000
    await desk.probe()
    await expect(desk.probe()).rejects.toBeInstanceOf(PutOff)
    const waits = desk.told.map((line) => Number(/"waitMs":(\d+)/.exec(line)?.[1]))
    expect(Math.max(...waits)).toBeLessThanOrEqual(61_000)
    expect(Math.max(...waits)).toBeGreaterThan(50_000)
  })
})

describe('S3', () => {
  test('reads in parts, lists in pages, and reaches its prefix alone', async () => {
    const { desk, standIn } = await opened(s3({ prefix: 'desk/' }), () => startS3())
    standIn.put('desk/a.txt', 'héllo')
    standIn.put('desk/empty', '')
    standIn.put('other', 'x')
    expect(await desk.run('read', { key: 'desk/a.txt' })).toMatchObject({
      content: 'héllo',
      bytes: 6,
      size: 6,
    })
    expect(await desk.run('read', { key: 'desk/a.txt', from: 3, bytes: 2 })).toMatchObject({
      content: 'll',
      size: 6,
    })
    await expect(desk.run('read', { key: 'desk/a.txt', from: 2, bytes: 2 })).rejects.toThrow(
      'Read it as base64',
    )
    expect(await desk.run('read', { key: 'desk/empty' })).toMatchObject({ content: '', size: 0 })
    for (let number = 0; number < 1010; number++) standIn.put(`desk/n/${number}`, 'x')
    expect((await desk.run('list', { prefix: 'desk/n/', limit: 2000 })).objects).toHaveLength(1010)
    expect(await desk.run('list', { limit: 2 })).toMatchObject({
      hasMore: true,
      objects: [{ key: 'desk/a.txt', bytes: 6 }, {}],
    })
    for (const key of ['other', 'desk/../other'])
      await expect(desk.run('read', { key })).rejects.toMatchObject({ code: 'not-applied' })
    await expect(desk.run('list', { prefix: 'o' })).rejects.toThrow('Only what begins with')
  })

  test('writes on a condition, and takes back what took nobody’s place', async () => {
    const { desk, standIn } = await opened(s3(), () => startS3())
    const args = { key: 'a', content: 'one', only: { isNew: true } }
    const first = await desk.run('write', args)
    await expect(desk.run('write', args, 'reeve:run-2:1')).rejects.toThrow(
      'is not what it was to be written over',
    )
    const over = await desk.run(
      'write',
      { key: 'a', content: 'two', only: { etag: first.etag } },
      'reeve:run-3:1',
    )
    await expect(desk.undo('write', args, first)).rejects.toThrow('written by somebody else since')
    await expect(desk.undo('write', args, over, 'reeve:run-3:1')).rejects.toThrow('keeps no versions')
    expect(standIn.object('a')?.body.toString()).toBe('two')
  })

  test('where versions are kept, a write and a deletion are taken back to what stood there', async () => {
    const { desk, standIn } = await opened(s3(), () => startS3({ isVersioned: true }))
    standIn.put('a', 'one')
    const written = await desk.run('write', { key: 'a', content: 'two' })
    await desk.undo('write', { key: 'a', content: 'two' }, written)
    expect(standIn.object('a')?.body.toString()).toBe('one')
    const removed = await desk.run('remove', { key: 'a' })
    expect(standIn.object('a')).toBeUndefined()
    await desk.undo('remove', { key: 'a' }, removed)
    expect(standIn.object('a')?.body.toString()).toBe('one')
  })

  test('uploads a large file in parts, and leaves none behind when it fails', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reeve-s3-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'big.bin'), Buffer.alloc(17 * 1_048_576, 7))
    const { desk, standIn } = await opened(s3({ folder }), () => startS3())
    const args = { file: 'big.bin', key: 'big', only: { isNew: true } }
    standIn.faults.add({
      kind: 'server-error',
      on: (request) => request.query.get('partNumber') === '2',
      times: 1,
    })
    await expect(desk.run('upload', args)).rejects.toMatchObject({ code: 'service-failed' })
    expect([standIn.openUploads(), standIn.object('big')]).toEqual([0, undefined])
    standIn.faults.add({
      kind: 'lost-answer',
      on: (request) => request.method === 'POST' && request.query.has('uploadId'),
      times: 1,
    })
    await expect(desk.run('upload', args)).rejects.toMatchObject({ retryable: true })
    const found = await desk.verify('upload', args)
    expect(found).toMatchObject({ outcome: 'applied', result: { bytes: 17 * 1_048_576 } })
    expect(standIn.books.count('object-put')).toBe(1)
    await desk.undo('upload', args, (found as { result: unknown }).result)
    expect(standIn.object('big')).toBeUndefined()
    await expect(desk.run('upload', { file: '../etc/passwd', key: 'x' })).rejects.toMatchObject({
      code: 'not-applied',
    })
  })

  test('says of a clock that is off that it is', async () => {
    const { desk, standIn } = await opened(s3(), () => startS3())
    standIn.skewMs = 16 * 60_000
    await expect(desk.probe()).rejects.toThrow("this machine's clock is off")
  })
})
