import { describe, expect, onTestFinished, test } from 'vitest'
import { startGitHub } from '../../src/connectors/github/stand-in.ts'
import { startHubSpot } from '../../src/connectors/hubspot/stand-in.ts'
import { startNotion } from '../../src/connectors/notion/stand-in.ts'
import { digestOf, signV4 } from '../../src/connectors/s3/sign.ts'
import { type S3StandIn, startS3 } from '../../src/connectors/s3/stand-in.ts'
import { textOf, textsOf } from '../../src/connectors/s3/xml.ts'
import { startSalesforce } from '../../src/connectors/salesforce/stand-in.ts'
import { type StandIn, startStandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { startZendesk } from '../../src/connectors/zendesk/stand-in.ts'
import { github } from '../../src/triggers/signatures/github.ts'
import { zendesk } from '../../src/triggers/signatures/zendesk.ts'

const now = 1_800_000_000_000

interface Asked {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever a service answers
  json: any
}

/** Asks as a client would that has never seen the connector. */
function asking(standIn: StandIn, headers: Record<string, string>) {
  onTestFinished(() => standIn.close())
  return async (route: string, body?: unknown, more: Record<string, string> = {}): Promise<Asked> => {
    const [method, path] = route.split(' ')
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const init = { method: method!, headers: { ...type, ...headers, ...more } }
    const answer = await fetch(
      path!.startsWith('http') ? path! : `${standIn.url}${path}`,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    )
    const text = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: text.startsWith('<') || text === '' ? null : JSON.parse(text),
    }
  }
}

async function doorway() {
  const came: { headers: Record<string, string>; body: Buffer }[] = []
  const door = await startStandIn(() => ({
    name: 'door',
    refuse: () => ({ status: 404 }),
    routes: {
      'POST /hook': ({ headers, body }) => {
        came.push({ headers: { ...headers }, body })
        return { status: 202 }
      },
    },
  }))
  onTestFinished(() => door.close())
  return { url: `${door.url}/hook`, came }
}

describe('Zendesk', () => {
  const basic = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const agent = { authorization: basic('agent@example.com/token', 'stand-in-token-of-zendesk') }
  const ticket = { ticket: { subject: 'Printer', comment: { body: 'It burns' }, external_id: 'run:1' } }

  test('creates a ticket once for a key, for two hours; another ticket with that key is refused', async () => {
    let time = now
    const standIn = await startZendesk({ now: () => time })
    const ask = asking(standIn, agent)
    const key = { 'idempotency-key': 'k1' }
    const first = await ask('POST /api/v2/tickets', ticket, key)
    const again = await ask('POST /api/v2/tickets', ticket, key)
    expect([first.status, first.headers.get('x-idempotency-lookup')]).toEqual([201, 'miss'])
    expect([again.json.ticket.id, again.headers.get('x-idempotency-lookup')]).toEqual([
      first.json.ticket.id,
      'hit',
    ])
    const other = await ask('POST /api/v2/tickets', { ticket: { comment: { body: 'x' } } }, key)
    expect([other.status, other.json.error]).toEqual([400, 'IdempotentRequestError'])
    time += 2 * 3_600_000
    expect((await ask('POST /api/v2/tickets', ticket, key)).json.ticket.id).toBe(2)
    expect(standIn.books.doubled()).toEqual([{ what: 'ticket-created', key: 'run:1', times: 2 }])
    const found = await ask('GET /api/v2/tickets?external_id=run:1')
    expect(found.json.tickets.map(({ id }: { id: number }) => id)).toEqual([1, 2])
  })

  test('keeps who changed what, refuses a late safe update, and finds by field and word', async () => {
    const standIn = await startZendesk({ now: () => now })
    const ask = asking(standIn, agent)
    const id = standIn.add({ subject: 'Refund please', comment: { body: 'now' } })
    const set = {
      ticket: { status: 'open', metadata: { reeve_key: 'run:2' }, comment: { body: 'Sure', public: false } },
    }
    const { json } = await ask(`PUT /api/v2/tickets/${id}`, set)
    expect(json.audit.events).toMatchObject([
      { type: 'Comment', public: false },
      { type: 'Change', field_name: 'status', previous_value: 'new', value: 'open' },
    ])
    const audits = await ask(`GET /api/v2/tickets/${id}/audits?page[size]=1`)
    expect([audits.json.meta.has_more, audits.json.audits.length]).toEqual([true, 1])
    const next = await ask(`GET /api/v2/tickets/${id}/audits?page[after]=${audits.json.meta.after_cursor}`)
    expect(next.json.audits[0].metadata.custom).toEqual({ reeve_key: 'run:2' })
    const late = { ticket: { status: 'solved', safe_update: true, updated_stamp: '2020-01-01T00:00:00Z' } }
    expect((await ask(`PUT /api/v2/tickets/${id}`, late)).status).toBe(409)
    expect((await ask('GET /api/v2/search?query=type:ticket status:open refund')).json.count).toBe(1)
    expect((await ask('GET /api/v2/search?query=status:solved')).json.count).toBe(0)
    expect((await ask('GET /api/v2/users/me', undefined, { authorization: basic('x', 'y') })).status).toBe(
      401,
    )
  })

  test('signs what it posts with its time before the body', async () => {
    const standIn = await startZendesk({ now: () => now })
    onTestFinished(() => standIn.close())
    const id = standIn.add({ subject: 'Help' })
    const { url, came } = await doorway()
    await standIn.post(url, 'secret-of-the-webhook', [{ type: 'created', ticket: id }])
    const { headers, body } = came[0]!
    const signed = zendesk.read((name) => headers[name])
    expect(signed.isBy('secret-of-the-webhook', body)).toBe(true)
    expect(signed.isBy('secret-of-another-one', body)).toBe(false)
    expect([signed.sentAt, signed.deliveryOf(body)]).toEqual([now / 1000, 'event-created-1-1'])
    // An administrator's own text may have the ticket's id in it, the same for each event.
    const own = Buffer.from('{"id":"1"}')
    expect(signed.deliveryOf(own)).not.toBe('1')
    const timeless = (name: string) => (name.endsWith('timestamp') ? '1800000000' : headers[name])
    expect(() => zendesk.read(timeless)).toThrow('is not a time such as')
  })
})

describe('HubSpot', () => {
  const bearer = { authorization: 'Bearer pat-stand-in-0000-of-hubspot' }
  const contacts = '/crm/objects/2026-03/contacts'

  test('has one record for a unique value, found by it at once and by a search later', async () => {
    const standIn = await startHubSpot({ now: () => now, searchLagMs: 1 })
    const ask = asking(standIn, bearer)
    const made = await ask(`POST ${contacts}`, { properties: { email: 'a@x.example', reeve_key: 'run:1' } })
    expect(made.status).toBe(201)
    expect((await ask(`POST ${contacts}`, { properties: { email: 'a@x.example' } })).json.category).toBe(
      'CONFLICT',
    )
    expect((await ask(`POST ${contacts}`, { properties: { reeve_key: 'run:1' } })).json.category).toBe(
      'VALIDATION_ERROR',
    )
    expect((await ask(`GET ${contacts}/run:1?idProperty=reeve_key`)).json.id).toBe(made.json.id)
    const filter = { propertyName: 'email', operator: 'EQ', value: 'A@x.example' }
    const search = () => ask(`POST ${contacts}/search`, { filterGroups: [{ filters: [filter] }], limit: 5 })
    expect((await search()).json.total).toBe(0)
    standIn.skewMs = 1
    expect((await search()).json).toMatchObject({ total: 1, results: [{ id: made.json.id }] })
  })

  test('names the scope that is missing, and tells of its limit', async () => {
    const standIn = await startHubSpot({ now: () => now, scopes: ['crm.objects.contacts.read'] })
    const ask = asking(standIn, bearer)
    const { status, json } = await ask(`POST ${contacts}`, { properties: {} })
    expect([status, json.category]).toEqual([403, 'MISSING_SCOPES'])
    expect(json.errors[0].context).toEqual({ requiredGranularScopes: ['crm.objects.contacts.write'] })
    standIn.limit = { count: 1, perMs: 10_000 }
    expect(
      (await ask('GET /account-info/2026-03/details')).headers.get('x-hubspot-ratelimit-remaining'),
    ).toBe('0')
    expect((await ask('GET /account-info/2026-03/details')).status).toBe(429)
  })
})

describe('Salesforce', () => {
  test('upserts by an external id, updates what nobody changed since, and gives rows in pages', async () => {
    const standIn = await startSalesforce({ now: () => now, pageSize: 2 })
    const { accessToken } = standIn.tokens.issue()
    const ask = asking(standIn, { authorization: `Bearer ${accessToken}` })
    const base = '/services/data/v67.0'
    const upsert = `PATCH ${base}/sobjects/Contact/Reeve_Key__c/run:1`
    const first = await ask(upsert, { LastName: "O'Neil" })
    expect([first.status, first.json.created]).toEqual([201, true])
    expect((await ask(upsert, { LastName: "O'Neil" })).json).toMatchObject({
      id: first.json.id,
      created: false,
    })
    expect((await ask(`PATCH ${base}/sobjects/Contact/Reeve_Key__c/run:2`, {})).json[0].errorCode).toBe(
      'REQUIRED_FIELD_MISSING',
    )
    const row = `${base}/sobjects/Contact/${first.json.id}`
    const before = { 'if-unmodified-since': new Date(now - 60_000).toUTCString() }
    expect((await ask(`PATCH ${row}`, { Title: 'Boss' }, before)).status).toBe(412)
    expect((await ask(`PATCH ${row}`, { Title: 'Boss' })).status).toBe(204)
    for (const LastName of ['Ash', 'Birch']) standIn.add('Contact', { LastName })
    const query = async (soql: string) => (await ask(`GET ${base}/query?q=${encodeURIComponent(soql)}`)).json
    const page = await query('SELECT Id, LastName FROM Contact')
    expect([page.totalSize, page.done, page.records.length]).toEqual([3, false, 2])
    expect((await ask(`GET ${page.nextRecordsUrl}`)).json).toMatchObject({
      done: true,
      records: [{ LastName: 'Birch' }],
    })
    const one = await query(
      "SELECT Id FROM Contact WHERE LastName = 'O\\'Neil' AND Title LIKE '%oss%' LIMIT 5",
    )
    expect(one.records.map(({ Id }: { Id: string }) => Id)).toEqual([first.json.id])
    expect((await query('DROP TABLE Contact'))[0].errorCode).toBe('MALFORMED_QUERY')
    standIn.tokens.expireAll()
    expect((await ask(`GET ${row}`)).json[0].errorCode).toBe('INVALID_SESSION_ID')
  })

  test('gives its address with a token, and no time until which it lasts', async () => {
    const standIn = await startSalesforce({ now: () => now })
    onTestFinished(() => standIn.close())
    const form = {
      grant_type: 'client_credentials',
      client_id: 'stand-in-client',
      client_secret: 'stand-in-secret',
    }
    const answer = await fetch(`${standIn.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    const given = (await answer.json()) as Record<string, unknown>
    expect([given.instance_url, 'expires_in' in given]).toEqual([standIn.url, false])
  })
})

describe('Notion', () => {
  const bearer = { authorization: 'Bearer ntn_stand_in_of_notion', 'notion-version': '2026-03-11' }
  const text = (content: string) => [{ text: { content } }]

  test('makes a page in a data source, finds it by a property, and takes it from the trash again', async () => {
    const standIn = await startNotion({ now: () => now })
    const ask = asking(standIn, bearer)
    const parent = { type: 'data_source_id', data_source_id: standIn.dataSource }
    const properties = { Name: { title: text('Call Ann') }, 'Reeve key': { rich_text: text('run:1') } }
    const { json: page } = await ask('POST /v1/pages', { parent, properties })
    expect(page.properties.Name.title[0].plain_text).toBe('Call Ann')
    const query = `POST /v1/data_sources/${standIn.dataSource}/query`
    const filter = { property: 'Reeve key', rich_text: { equals: 'run:1' } }
    expect((await ask(query, { filter })).json.results.map(({ id }: { id: string }) => id)).toEqual([page.id])
    standIn.add(standIn.dataSource, { Name: { title: text('Call Ben') } })
    const first = (await ask(query, { page_size: 1 })).json
    expect([
      first.has_more,
      (await ask(query, { start_cursor: first.next_cursor })).json.results.length,
    ]).toEqual([true, 1])
    await ask(`PATCH /v1/pages/${page.id}`, { in_trash: true })
    expect((await ask(query, { filter })).json.results).toEqual([])
    expect((await ask(`PATCH /v1/pages/${page.id}`, { archived: false })).json.code).toBe('validation_error')
    expect((await ask(`PATCH /v1/pages/${page.id}`, { in_trash: false })).json.in_trash).toBe(false)
    const unknown = { parent, properties: { Nom: { title: text('x') } } }
    expect((await ask('POST /v1/pages', unknown)).json.message).toContain('not a property that exists')
  })

  test('wants its version in each request', async () => {
    const ask = asking(await startNotion(), { authorization: bearer.authorization })
    expect((await ask('GET /v1/users/me')).json.code).toBe('missing_version')
  })
})

describe('GitHub', () => {
  const bearer = { authorization: 'Bearer github_pat_stand_in_of_github' }

  test('gives pages by the header Link, newest first, and the key that stands in a body', async () => {
    const standIn = await startGitHub({ now: () => now, repository: 'acme/shop' })
    const ask = asking(standIn, bearer)
    for (const title of ['one', 'two', 'three']) standIn.add({ title })
    const made = await ask('POST /repos/acme/shop/issues', {
      title: 'four',
      body: 'Text\n\n<!-- reeve:run:1 -->',
    })
    expect(standIn.books.deeds[0]).toMatchObject({ what: 'issue-created', key: 'run:1', id: '4' })
    const first = await ask('GET /repos/acme/shop/issues?per_page=3')
    expect(first.json.map(({ number }: { number: number }) => number)).toEqual([4, 3, 2])
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link')!)![1]!
    expect((await ask(`GET ${next}`)).json.map(({ number }: { number: number }) => number)).toEqual([1])
    const by = await ask('GET /repos/acme/shop/issues?creator=reeve-bot')
    expect(by.json).toMatchObject([{ number: made.json.number }])
    expect((await ask('GET /repos/acme/other/issues')).status).toBe(404)
  })

  test('has two limits that answer in two ways, and refuses a version that it does not know', async () => {
    const standIn = await startGitHub({ now: () => now, limit: { count: 1, perMs: 3_600_000 } })
    const ask = asking(standIn, bearer)
    await ask('GET /user')
    const over = await ask('GET /user')
    expect([over.status, over.headers.get('x-ratelimit-remaining'), over.headers.get('retry-after')]).toEqual(
      [403, '0', null],
    )
    expect(over.headers.get('x-ratelimit-reset')).toBe(String(now / 1000 + 3600))
    standIn.faults.add({ kind: 'rate-limited', retryAfterS: 30, times: 1 })
    const second = await ask('GET /user')
    expect([second.status, second.headers.get('retry-after')]).toEqual([403, '30'])
    standIn.limit = undefined
    expect((await ask('GET /user', undefined, { 'x-github-api-version': '2020-01-01' })).status).toBe(400)
  })

  test('signs the body of what it posts', async () => {
    const standIn = await startGitHub({ now: () => now })
    onTestFinished(() => standIn.close())
    const { url, came } = await doorway()
    await standIn.post(url, 'secret-of-the-webhook', [
      { action: 'opened', issue: standIn.add({ title: 'x' }) },
    ])
    const { headers, body } = came[0]!
    expect(github.read((name) => headers[name]).isBy('secret-of-the-webhook', body)).toBe(true)
    expect(headers['x-github-event']).toBe('issues')
  })
})

describe('S3', () => {
  const key = {
    accessKeyId: 'AKIASTANDINOFS3',
    secretAccessKey: 'stand-in-secret-of-s3',
    region: 'eu-central-1',
  }

  function signedAsking(standIn: S3StandIn, at = now, its = key) {
    onTestFinished(() => standIn.close())
    return async (route: string, body = '', headers: Record<string, string> = {}) => {
      const [method = '', path = ''] = route.split(' ')
      const url = new URL(`${standIn.url}/shop-files${path}`)
      const signed = signV4({ method, url, headers, bodyDigest: digestOf(body), at }, its)
      const init = { method, headers: signed }
      const answer = await fetch(url, method === 'GET' || method === 'HEAD' ? init : { ...init, body })
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    }
  }

  // The examples of "Signature Calculations for the Authorization Header".
  test.each([
    [
      'GET /test.txt',
      { Range: 'bytes=0-9' },
      '',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    ['GET /?lifecycle', {}, '', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['GET /?max-keys=2&prefix=J', {}, '', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
    [
      'PUT /test%24file.text',
      { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      'Welcome to Amazon S3.',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
  ])('signs %s as the vendor does', (route, headers, body, signature) => {
    const [method = '', path] = route.split(' ')
    const url = new URL(`https://examplebucket.s3.amazonaws.com${path}`)
    const example = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }
    const request = {
      method,
      url,
      headers: headers as Record<string, string>,
      bodyDigest: digestOf(body),
      at: Date.UTC(2013, 4, 24),
    }
    const { authorization } = signV4(request, { ...example, region: 'us-east-1' })
    expect(authorization).toContain(`Signature=${signature}`)
  })

  test('takes what is signed, of this time, by a key that it knows', async () => {
    const standIn = await startS3({ now: () => now })
    const ask = signedAsking(standIn)
    expect((await ask('PUT /a%20b/c%2Bd.txt', 'hello', { 'x-amz-meta-reeve-key': 'run:1' })).status).toBe(200)
    expect(standIn.object('a b/c+d.txt')?.metadata).toEqual({ 'reeve-key': 'run:1' })
    const code = async (asked: Promise<{ text: string }>) => textOf((await asked).text, 'Code')
    const other = signedAsking(standIn, now, { ...key, secretAccessKey: 'another-secret' })
    expect(await code(other('GET /a%20b/c%2Bd.txt'))).toBe('SignatureDoesNotMatch')
    expect(await code(signedAsking(standIn, now - 16 * 60_000)('GET /x'))).toBe('RequestTimeTooSkewed')
    expect(await code(signedAsking(standIn, now, { ...key, accessKeyId: 'AKIAOTHER' })('GET /x'))).toBe(
      'InvalidAccessKeyId',
    )
    expect(await code(ask('GET /nothing'))).toBe('NoSuchKey')
  })

  test('writes under a condition, keeps versions, and lists in pages', async () => {
    const standIn = await startS3({ now: () => now, isVersioned: true })
    const ask = signedAsking(standIn)
    const first = await ask('PUT /a', 'one', { 'if-none-match': '*' })
    expect((await ask('PUT /a', 'two', { 'if-none-match': '*' })).status).toBe(412)
    expect((await ask('PUT /a', 'two', { 'if-match': '"other"' })).status).toBe(412)
    const second = await ask('PUT /a', 'two', { 'if-match': first.headers.get('etag')! })
    await ask(`DELETE /a?versionId=${second.headers.get('x-amz-version-id')}`)
    expect((await ask('GET /a')).text).toBe('one')
    expect((await ask('DELETE /a')).headers.get('x-amz-delete-marker')).toBe('true')
    expect((await ask('HEAD /a')).status).toBe(404)
    for (const name of ['b', 'c&d', 'e']) standIn.put(name, name)
    const page = await ask('GET /?list-type=2&max-keys=2&encoding-type=url')
    expect([textsOf(page.text, 'Key'), textOf(page.text, 'IsTruncated')]).toEqual([['b', 'c%26d'], 'true'])
    const token = textOf(page.text, 'NextContinuationToken')!
    expect(textsOf((await ask(`GET /?list-type=2&continuation-token=${token}`)).text, 'Key')).toEqual(['e'])
  })

  test('puts parts together that are all there, and large enough', async () => {
    const standIn = await startS3({ now: () => now, leastPartBytes: 4 })
    const ask = signedAsking(standIn)
    const id = textOf((await ask('POST /big?uploads')).text, 'UploadId')
    const etags: string[] = []
    for (const [index, part] of ['aaaa', 'bb'].entries())
      etags.push((await ask(`PUT /big?partNumber=${index + 1}&uploadId=${id}`, part)).headers.get('etag')!)
    const list = (of: string[]) =>
      `<CompleteMultipartUpload>${of.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`
    expect((await ask(`POST /big?uploadId=${id}`, list([etags[1]!]))).text).toContain('InvalidPart')
    expect((await ask(`POST /big?uploadId=${id}`, list(etags))).status).toBe(200)
    expect([standIn.object('big')?.body.toString(), standIn.openUploads()]).toEqual(['aaaabb', 0])
    expect((await ask(`DELETE /big?uploadId=${id}`)).status).toBe(404)
  })
})
