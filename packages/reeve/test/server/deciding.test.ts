import { expect, test } from 'vitest'
import type { Client } from '../../src/client/index.ts'
import { changeRole } from '../../src/store/identity/principals.ts'
import { startServer, type TestServer } from './server-harness.ts'

const acting = { by: 'test', proof: 'local-user', at: 5 } as const

/** A server with a run that waits for a decision; `what`: what is shown. */
async function asking(
  what = 'publish',
): Promise<{ server: TestServer; owner: Client; id: string; hash: string }> {
  const server = await startServer()
  const owner = await server.as('owner')
  await owner.runs.start({ query: { wait: '20s' }, body: { workflow: 'decide', input: { what } } })
  const { items } = await owner.approvals.list()
  return { server, owner, id: items[0]!.id, hash: items[0]!.hash }
}

async function linkOf({
  server,
  owner,
  id,
}: {
  server: TestServer
  owner: Client
  id: string
}): Promise<URL> {
  const { path } = await owner.approvals.link({ params: { approval: id }, body: {} })
  return new URL(path!, server.url)
}

function submit(link: URL, fields: Record<string, string>): Promise<Response> {
  const code = link.searchParams.get('code')!
  return fetch(new URL('/decide', link), { method: 'POST', body: new URLSearchParams({ code, ...fields }) })
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code

test('opening a link decides nothing, however often and by whatever method; its button decides once', async () => {
  const asked = await asking()
  const link = await linkOf(asked)
  for (const method of ['GET', 'HEAD', 'GET', 'OPTIONS']) await fetch(link, { method })
  const page = await (await fetch(link)).text()
  expect(page).toContain('publish')
  expect(page).not.toContain('<script')
  const params = { approval: asked.id }
  expect(await asked.owner.approvals.one({ params })).toMatchObject({ status: 'pending' })
  const answer = await submit(link, { verdict: 'approve', note: 'by phone' })
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('approved')])
  const decided = await asked.owner.approvals.one({ params })
  expect(decided).toMatchObject({ status: 'approved', decided: { note: 'by phone' } })
  const again = await submit(link, { verdict: 'reject' })
  expect([again.status, await codeOf(again)]).toEqual([401, 'approval-link-used'])
  expect((await fetch(link)).status).toBe(401)
})

test('of many who press the button at once one decides', async () => {
  const asked = await asking()
  const link = await linkOf(asked)
  const all = await Promise.all([1, 2, 3, 4].map(() => submit(link, { verdict: 'approve' })))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
})

test('a link decides what was shown when it was made, by whom it was made for, while they may', async () => {
  const asked = await asking()
  const link = await linkOf(asked)
  const { database } = asked.server.internals
  await database.run(`update approval_links set args_hash = 'another hash of something else'`)
  expect(await (await fetch(link)).text()).not.toContain('<button')
  expect(await codeOf(await submit(link, { verdict: 'approve' }))).toBe('approval-changed')
  await database.run('update approval_links set args_hash = ?', [asked.hash])
  const row = await database.get<{ principal: string }>('select principal from approval_links')
  await asked.server.as('owner')
  await database.transaction((session) => changeRole(session, row!.principal, 'viewer', acting))
  const late = await submit(link, { verdict: 'approve' })
  expect([late.status, await codeOf(late)]).toEqual([403, 'may-not-decide'])
  await database.transaction((session) => changeRole(session, row!.principal, 'approver', acting))
  await database.run('update approval_links set expires_at = 1')
  expect(await codeOf(await submit(link, { verdict: 'approve' }))).toBe('approval-link-expired')
  expect(await codeOf(await submit(link, { verdict: 'maybe' }))).toBe('wrong-answer')
  const rows = await database.all<{ hash: string }>('select * from approval_links')
  expect(JSON.stringify(rows)).not.toContain(link.searchParams.get('code'))
})

test('a page that had to cut what is decided takes no approval', async () => {
  const asked = await asking('long\n'.repeat(30_000))
  const link = await linkOf(asked)
  const page = await (await fetch(link)).text()
  expect(page).toContain('only its beginning')
  expect(page).not.toContain('value="approve"')
  expect(await codeOf(await submit(link, { verdict: 'approve' }))).toBe('approval-cut')
  expect((await submit(link, { verdict: 'reject' })).status).toBe(200)
})

test('what a page shows is text, with what is unseen written out', async () => {
  const asked = await asking('</pre><img src=x onerror=alert(1)>\u202e\u200b')
  const page = await (await fetch(await linkOf(asked))).text()
  expect(page).not.toContain('<img')
  expect(page).toContain('&lt;img')
  expect(page).toContain('\\u202e')
  expect(page).not.toContain('\u202e')
})

test('an approver makes no link with which somebody else decides, and a token makes none', async () => {
  const asked = await asking()
  const approver = await asked.server.as('approver')
  const params = { approval: asked.id }
  for (const body of [{}, { principal: 'somebody' }])
    await expect(approver.approvals.link({ params, body })).rejects.toMatchObject({ code: 'role-too-low' })
  await expect(asked.owner.approvals.link({ params, body: { principal: 'nobody' } })).rejects.toMatchObject({
    code: 'unknown-principal',
  })
})

test('several are decided in one request, each by itself', async () => {
  const { server, owner, id, hash } = await asking()
  const reeve = await server.as('approver')
  await owner.runs.start({ query: { wait: '20s' }, body: { workflow: 'decide', input: { what: 'other' } } })
  const { items } = await reeve.approvals.list()
  const other = items.find((item) => item.id !== id)!
  const said = await reeve.approvals.decideMany({
    body: {
      decisions: [
        { approvalId: id, verdict: 'approve', hash },
        { approvalId: other.id, verdict: 'reject', hash, note: 'wrong hash' },
        { approvalId: 'nothing', verdict: 'approve', hash },
        { approvalId: other.id, verdict: 'reject', hash: other.hash },
      ],
    },
  })
  expect(said.results).toMatchObject([
    { approvalId: id, status: 'approved', problem: null },
    { approvalId: other.id, status: 'rejected', problem: { code: 'approval-changed' } },
    { approvalId: 'nothing', status: 'unknown', problem: { code: 'unknown-approval' } },
    { approvalId: other.id, status: 'rejected', problem: null },
  ])
  const viewer = await server.as('viewer')
  const decisions = [{ approvalId: id, verdict: 'approve', hash }] as const
  await expect(viewer.approvals.decideMany({ body: { decisions: [...decisions] } })).rejects.toMatchObject({
    code: 'role-too-low',
  })
})

test('a decision is handed to another, remembered, listed and revoked', async () => {
  const server = await startServer()
  const owner = await server.as('owner')
  const input = { to: 'margaret@example.org', text: 'Hello' }
  await owner.runs.start({ query: { wait: '20s' }, body: { workflow: 'reply', input } })
  const [asked] = (await owner.approvals.list()).items
  const params = { approval: asked!.id }
  const { hash } = asked!
  const nobody = owner.approvals.delegate({ params, body: { to: 'nobody', hash } })
  await expect(nobody).rejects.toMatchObject({ code: 'may-not-decide', status: 403 })
  const viewer = await server.as('viewer')
  await server.as('approver')
  expect((await owner.approvals.delegates({ params })).items).toEqual([expect.stringMatching(/^approver/)])
  await expect(viewer.approvals.delegates({ params })).rejects.toMatchObject({ code: 'role-too-low' })
  const body = { verdict: 'approve', hash, remember: { for: '30d', same: ['to'] } } as const
  await owner.approvals.decide({ params, body: { ...body, remember: { ...body.remember, same: ['to'] } } })
  const { items } = await owner.permissions.list()
  expect(items).toMatchObject([{ tool: expect.any(String), arguments: { to: input.to }, isExact: false }])
  const one = { params: { permission: items[0]!.id } }
  await expect(viewer.permissions.revoke(one)).rejects.toMatchObject({
    code: 'role-too-low',
  })
  expect(await owner.permissions.revoke(one)).toMatchObject({ endedAt: expect.any(String) })
  expect((await owner.permissions.list()).items).toEqual([])
  expect((await owner.permissions.list({ query: { all: 'true' } })).items).toHaveLength(1)
  expect(await owner.approvals.notices()).toEqual({ items: [], next: null })
  expect(await owner.waiting.aside()).toEqual({ groups: [], hasty: [] })
})

test('whoever decides is shown all of it, whatever in it looks like a secret; others are not', async () => {
  const what = 'https://evil.example/?token=4111111111111111, Cookie: a=b'
  const { server, owner, id } = await asking(what)
  const viewer = await server.as('viewer')
  const params = { approval: id }
  for (const [client, shown] of [
    [owner, what],
    [viewer, 'https://evil.example/?token=[secret] Cookie: [secret]'],
  ] as const) {
    expect(JSON.stringify((await client.approvals.one({ params })).shown)).toContain(shown)
    expect(JSON.stringify((await client.approvals.list()).items[0]!.shown)).toContain(shown)
  }
})
