import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { email } from '../../src/connectors/email/email.ts'
import { type MailStandIn, start as startMail } from '../../src/connectors/email/stand-in.ts'
import { gmail } from '../../src/connectors/gmail/gmail.ts'
import { start as startGmail } from '../../src/connectors/gmail/stand-in.ts'
import { workflow } from '../../src/context.ts'
import { requireApproval } from '../../src/store/approvals/approvals.ts'
import { addPrincipal, changeRole, removePrincipal } from '../../src/store/identity/principals.ts'
import { startServer, type TestServer } from '../server/server-harness.ts'

const page = 'https://desk.example'
const acting = { by: 'test', proof: 'local-user', at: 5 } as const
const people = { 'Ada@shop.test': 'ada', 'vic@shop.test': 'vic', 'bob@shop.test': 'bob' }
const passed =
  'mx.sandbox.test; spf=pass smtp.mailfrom=shop.test; dmarc=pass (p=reject) header.from=shop.test'

const ask = workflow({
  name: 'ask',
  input: z.object({ what: z.string(), count: z.number().optional() }),
  run: (ctx, { what, count }) =>
    ctx.approve('publish', { show: { what }, ...(count !== undefined && { deciders: { count } }) }),
})

interface Written {
  from: string
  text: string
  results: string | null
  headers: string[]
  subject: string
  html: boolean
  /** Which of the letters that requests were brought with it answers. */
  to: number
  references: boolean
}

interface Desk {
  server: TestServer
  mail: MailStandIn
  /** Takes what was replied, tells, and brings what is asked. */
  look(): Promise<boolean>
  ask(what: string, count?: number): Promise<string>
  /** A reply comes into the mailbox. */
  reply(change?: Partial<Written>): void
  approval(id: string): ReturnType<typeof requireApproval>
  /** The letters with requests, and those that answer replies. */
  letters(): { requests: Sent[]; answers: Sent[] }
  acts(): Promise<unknown[]>
}

interface Sent {
  to: string
  head: string
  text: string
  id: string
}

interface Choice {
  sandbox?: boolean
  authservId?: string | null
  people?: Record<string, string>
  withTrigger?: boolean
}

/** A project that brings its requests to people by the stand-in of a mail server. */
async function desk(choice: Choice = {}): Promise<Desk> {
  const mail = await startMail()
  const { standIn } = email.definition.sandbox
  const { load } = standIn
  Object.assign(standIn, { load: async () => async () => ({ ...mail, close: async () => {} }) })
  onTestFinished(async () => {
    Object.assign(standIn, { load })
    await mail.close()
  })
  const { authservId = 'mx.sandbox.test' } = choice
  const approvals = { people: choice.people ?? people, page, ...(authservId !== null && { authservId }) }
  const post = email({ mode: 'sandbox', approvals })
  const answered = workflow({
    name: 'answered',
    input: z.object({ subject: z.string() }),
    on: [post.on.letter({ input: ({ subject }) => ({ subject }) })],
    run: async () => null,
  })
  const server = await startServer({
    workflows: [ask as never, ...(choice.withTrigger ? [answered as never] : [])],
    config: { sandbox: choice.sandbox ?? true, connectors: { email: post } },
  })
  const { database, approvalLoops } = server.internals
  await database.transaction(async (session) => {
    await addPrincipal(session, { name: 'ada', kind: 'person', role: 'approver' }, acting)
    await addPrincipal(session, { name: 'bob', kind: 'person', role: 'approver' }, acting)
    await addPrincipal(session, { name: 'vic', kind: 'person', role: 'viewer' }, acting)
  })
  const owner = await server.as('owner')
  const letters = () => {
    const all = mail.sent.map(({ to, raw }) => readSent(to[0]!, raw.toString('utf8')))
    return {
      requests: all.filter(({ head }) => /^auto-submitted: auto-generated/im.test(head)),
      answers: all.filter(({ head }) => /^auto-submitted: auto-replied/im.test(head)),
    }
  }
  let count = 0
  return {
    server,
    mail,
    look: () => approvalLoops.bringers[0]!.look(),
    approval: (id) => requireApproval(database, id),
    letters,
    acts: () => database.all(`select principal, proof from authority_log where type = 'approval-decided'`),
    async ask(what, needed) {
      const input = { what, ...(needed !== undefined && { count: needed }) }
      await owner.runs.start({ query: { wait: '20s' }, body: { workflow: 'ask', input } })
      const { items } = await owner.approvals.list()
      return items.at(-1)!.id
    },
    reply(change = {}) {
      const its = {
        ...{ from: 'ada@shop.test', text: 'approve', results: passed, headers: [], subject: 'Re: Approve?' },
        ...{ html: false, to: 0, references: false, ...change },
      }
      const id = letters().requests[its.to]?.id ?? '<none@sandbox.test>'
      const lines = [
        'Received: from mail.shop.test by mx.sandbox.test; Mon, 4 May 2026 12:00:00 +0000',
        ...(its.results === null ? [] : [`Authentication-Results: ${its.results}`]),
        `From: Somebody <${its.from}>`,
        ...its.headers,
        'To: desk@sandbox.test',
        `Message-ID: <reply-${++count}@shop.test>`,
        its.references ? `References: <before@shop.test> ${id}` : `In-Reply-To: ${id}`,
        `Subject: ${its.subject}`,
        ...(its.html ? ['Content-Type: text/html; charset=utf-8'] : []),
        '',
        its.text,
      ]
      mail.account().store.inbox.add(Buffer.from(lines.join('\r\n')), { at: Date.now() })
    },
  }
}

function readSent(to: string, raw: string): Sent {
  const [head = '', ...rest] = raw.replaceAll('\r\n', '\n').split('\n\n')
  const text = rest
    .join('\n\n')
    .replaceAll('=\n', '')
    .replaceAll(/=([\dA-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  return { to, head, text, id: /^message-id: (.*)$/im.exec(head)?.[1] ?? '' }
}

test('each who may decide gets a letter of their own; a reply decides as them, once, and says so', async () => {
  const { server, look, ask: askFor, reply, approval, letters, acts } = await desk()
  const id = await askFor('pay \u202e')
  expect([await look(), await look()]).toEqual([true, true])
  const { requests } = letters()
  // The viewer may not decide.
  expect(requests.map(({ to }) => to)).toEqual(['ada@shop.test', 'bob@shop.test'])
  expect(new Set(requests.map((each) => each.id)).size).toBe(2)
  const [{ head, text, id: name }] = requests as [Sent]
  expect(head).toMatch(/^subject: Approve\? publish \(\w+\)$/im)
  expect(text).toContain('"what": "pay \\u202e"')
  expect(text).toMatch(/^ {2}approve$/m)
  expect(text).toMatch(/^ {2}reject: why$/m)
  expect(text).toContain(`${page}/inbox?item=${id}`)
  // What a reply must name does not stand in the database, once the letter is on its way.
  const secret = name.replace(/@.*/, '').slice(1)
  const rows = await server.internals.database.all('select * from approval_messages')
  expect(JSON.stringify(rows)).not.toContain(secret.slice(6))
  expect(rows.every((row) => (row as { token: unknown }).token === null)).toBe(true)
  reply({ text: '\r\nApprove \r\n\r\n> reject\r\n-- \r\nAda' })
  await look()
  expect(await approval(id)).toMatchObject({ status: 'approved', decided_by: 'ada' })
  expect(await acts()).toEqual([{ principal: 'ada', proof: 'mail' }])
  expect(letters().answers).toMatchObject([{ to: 'ada@shop.test', text: 'publish is approved now.\n' }])
  expect(letters().answers[0]!.head).toMatch(/^in-reply-to: <reply-1@shop\.test>$/im)
  // Another one of hers, one of bob's, and the same once more: none decides.
  reply({ text: 'reject: too late' })
  reply({ from: 'bob@shop.test', to: 1, text: 'reject' })
  await look()
  await look()
  expect(
    letters()
      .answers.slice(1)
      .map(({ to, text: told }) => [to, told]),
  ).toEqual([
    ['ada@shop.test', expect.stringContaining('was approved by ada already')],
    ['bob@shop.test', expect.stringContaining('was approved by ada already')],
  ])
  expect(await acts()).toHaveLength(1)
})

test('what is not surely of the one who was written to decides nothing', async () => {
  const { server, mail, look, ask: askFor, reply, approval, letters, acts } = await desk()
  const id = await askFor('one')
  await look()
  const uncertain: [Partial<Written>, string][] = [
    [{ results: null }, 'says nothing of who sent it'],
    [{ results: 'mx.sandbox.test; none' }, 'nor a signature of shop.test passed'],
    [{ results: 'mx.sandbox.test; dmarc=fail header.from=shop.test' }, 'DMARC did not pass'],
    [{ results: 'mx.sandbox.test; dmarc=pass header.from=evil.test' }, 'DMARC did not pass'],
    [{ results: 'mx.evil.test; dmarc=pass header.from=shop.test' }, 'not of the server that is trusted'],
    [{ results: `mx.evil.test; none`, headers: [`Authentication-Results: ${passed}`] }, 'not of the server'],
    [{ results: passed, headers: ['From: Eve <eve@evil.test>'] }, 'says nothing of who sent it'],
    [{ from: 'bob@shop.test' }, 'written to somebody else'],
  ]
  for (const [change] of uncertain) reply(change)
  // A stranger, and machines: nobody is told.
  const results = 'mx.sandbox.test; dmarc=pass header.from=evil.test'
  reply({ from: 'eve@evil.test', results })
  reply({ headers: ['Auto-Submitted: auto-replied'] })
  reply({ headers: ['Precedence: bulk'] })
  reply({ headers: ['Return-Path: <>'] })
  // One that answers nothing of ours is a letter as any other.
  reply({ to: 9 })
  await look()
  const { requests, answers } = letters()
  expect(await approval(id)).toMatchObject({ status: 'pending' })
  expect(answers.map(({ text }) => text)).toEqual(uncertain.map(([, why]) => expect.stringContaining(why)))
  for (const { text } of answers) expect(text).toContain('Nothing was decided')
  expect(requests).toHaveLength(2)
  // No sender is answered without end: a machine that says nothing of itself would go on.
  for (let times = 0; times < 6; times++) reply({ text: 'I am away until Monday' })
  const away = letters().answers.length
  // What is decided is told in any case, and a signature of exactly the domain will do where there is no DMARC.
  const signed = 'mx.sandbox.test 1; dmarc=none; dkim=fail header.d=shop.test; dkim=pass header.d=Shop.test'
  reply({
    results: signed,
    references: true,
    text: '<p>reject: not ours</p><blockquote>x</blockquote>',
    html: true,
  })
  await look()
  expect(away).toBe(uncertain.length)
  const hers = letters().answers.filter(({ to }) => to === 'ada@shop.test')
  expect(hers).toHaveLength(10 + 1)
  expect(mail.sent).toHaveLength(2 + 12)
  expect(await approval(id)).toMatchObject({ status: 'rejected', decided_by: 'ada', note: 'not ours' })
  expect(letters().answers.at(-1)!.text).toBe('publish is rejected now.\n')
  expect(await acts()).toEqual([{ principal: 'ada', proof: 'mail' }])
  expect(await server.internals.database.all('select letter from approval_replies')).toHaveLength(19)
})

test('one line decides, and only a word of the list', async () => {
  const { look, ask: askFor, reply, approval, letters } = await desk()
  const id = await askFor('two')
  await look()
  const said: [string, string][] = [
    ['> approve\r\n> it', 'Yours has none'],
    ['On Mon, Desk wrote:\r\n> Approve?\r\n\r\napprove', 'Yours is "On Mon'],
    ['-----Original Message-----\r\napprove', 'Yours is "-----Original'],
    ['-- \r\napprove', 'Yours is "--"'],
    ['approve, but only 20', 'Yours is "approve, but only 20"'],
    ['answer: yes', 'asks for approve or reject'],
    ['edit: {"what":"less"}', 'No edit is taken by mail'],
  ]
  for (const [text] of said) reply({ text })
  await look()
  expect(await approval(id)).toMatchObject({ status: 'pending' })
  expect(letters().answers.map(({ text }) => text)).toEqual(
    said.map(([, why]) => expect.stringContaining(why)),
  )
  expect(letters().answers.at(-1)!.text).toContain(`${page}/inbox?item=${id}`)
})

test('what changed since the letter was sent is not decided by it: the request, the right, the person', async () => {
  const { server, look, ask: askFor, reply, approval, letters } = await desk()
  const { database } = server.internals
  const id = await askFor('three')
  await look()
  await database.transaction((session) => changeRole(session, 'ada', 'viewer', acting))
  reply()
  await database.transaction((session) => removePrincipal(session, 'bob', acting))
  reply({ from: 'bob@shop.test', to: 1 })
  await look()
  expect(letters().answers.map(({ text }) => text)).toEqual([
    expect.stringContaining('ada may not decide'),
    expect.stringContaining('bob was removed'),
  ])
  await database.transaction((session) => changeRole(session, 'ada', 'approver', acting))
  // Asked anew under its id: the letter is of what was shown before.
  await database.transaction((session) =>
    session.run('update approvals set requested_at = requested_at + 1 where id = ?', [id]),
  )
  reply()
  await look()
  expect(letters().answers.at(-1)!.text).toContain('asked again')
  expect(letters().requests).toHaveLength(3)
  await database.transaction((session) =>
    session.run('update approvals set expires_at = 7 where id = ?', [id]),
  )
  reply({ to: 2 })
  await look()
  expect(letters().answers.at(-1)!.text).toContain('expired')
  expect(await approval(id)).not.toMatchObject({ status: 'approved' })
})

test('where several must approve, one letter is one vote', async () => {
  const { look, ask: askFor, reply, approval, letters } = await desk()
  const id = await askFor('four', 2)
  await look()
  reply()
  reply()
  await look()
  expect(await approval(id)).toMatchObject({ status: 'pending' })
  reply({ from: 'bob@shop.test', to: 1 })
  await look()
  expect(await approval(id)).toMatchObject({ status: 'approved' })
  expect(letters().answers.map(({ text }) => text)).toEqual([
    'You approved publish; others must approve it too.\n',
    expect.stringContaining('decided already'),
    'publish is approved now.\n',
  ])
})

test.for([
  [{ authservId: null }, 'nobody said whose word counts'],
  [{ sandbox: false }, 'is in sandbox, and the project is not'],
] as const)('%j: a letter has the link alone, and takes no reply', async ([choice, why]) => {
  const { server, look, ask: askFor, reply, approval, letters } = await desk(choice)
  // What `reeve doctor` says.
  const { closed } = server.internals.approvalLoops
  expect(closed).toEqual([{ connection: 'email', why: expect.stringContaining(why) }])
  const id = await askFor('five')
  await look()
  const [{ text }] = letters().requests as [Sent]
  expect(text).toContain(`Decide: ${page}/inbox?item=${id}`)
  expect(text).not.toMatch(/^ {2}approve$/m)
  reply()
  await look()
  expect(await approval(id)).toMatchObject({ status: 'pending' })
  expect(letters().answers).toMatchObject([{ text: expect.stringContaining(why) }])
})

test('what does not fit takes no reply, and neither does an address that the project itself sends as', async () => {
  const whole = { 'ada@shop.test': 'ada', 'desk@sandbox.test': 'bob' }
  const { look, ask: askFor, reply, approval, letters } = await desk({ people: whole })
  const id = await askFor('a'.repeat(21_000))
  await look()
  expect(letters().requests[0]!.text).toContain('only its beginning')
  reply()
  reply({
    from: 'desk@sandbox.test',
    to: 1,
    results: 'mx.sandbox.test; dmarc=pass header.from=sandbox.test',
  })
  await look()
  expect(letters().answers.map(({ text }) => text)).toEqual([
    expect.stringContaining('Look at it whole'),
    expect.stringContaining('they prove no person'),
  ])
  expect(await approval(id)).toMatchObject({ status: 'pending' })
})

test('a death before or after the decision loses no reply and takes none twice', async () => {
  const one = { 'ada@shop.test': 'ada' }
  const { server, look, ask: askFor, reply, approval, letters, acts } = await desk({ people: one })
  const ids = [await askFor('before'), await askFor('after')]
  await look()
  const { control } = server.internals.engine
  const decide = control.decide.bind(control)
  for (const [to, id] of ids.entries()) {
    Object.assign(control, {
      async decide(...given: Parameters<typeof decide>) {
        if (to === 1) await decide(...given)
        throw new Error('the process died')
      },
    })
    reply({ to })
    expect(await look()).toBe(false)
    expect(await acts()).toHaveLength(to * 2)
    expect(letters().answers).toHaveLength(to)
    Object.assign(control, { decide })
    expect(await look()).toBe(true)
    expect(await approval(id)).toMatchObject({ status: 'approved' })
    expect(await acts()).toHaveLength(to + 1)
    expect(letters().answers).toHaveLength(to + 1)
  }
})

test('a letter whose sending fails is sent under the same name, and takes a reply', async () => {
  const one = { 'ada@shop.test': 'ada' }
  const { mail, look, ask: askFor, reply, approval, letters } = await desk({ people: one })
  const names = () => new Set(letters().requests.map((each) => each.id)).size
  for (const [index, fault] of (['refuse', 'drop-after'] as const).entries()) {
    const id = await askFor(fault)
    mail.mailFaults.onSmtp('.', fault)
    for (let looks = 0; looks < 3 && !(await look()); looks++);
    expect(names()).toBe(index + 1)
    reply({ to: letters().requests.length - 1 })
    await look()
    expect(await approval(id)).toMatchObject({ status: 'approved' })
  }
})

test('a reply starts no run where letters start some', async () => {
  const { server, look, ask: askFor, reply, approval } = await desk({ withTrigger: true })
  const id = await askFor('eight')
  await look()
  const [follower] = server.internals.pollLoops.followers
  await follower!.look()
  reply()
  reply({ to: 9, subject: 'An order' })
  await follower!.look()
  await look()
  expect(await approval(id)).toMatchObject({ status: 'approved' })
  const { database } = server.internals
  expect(await database.all(`select outcome, reason from deliveries order by outcome`)).toEqual([
    { outcome: 'skipped', reason: 'it answers a request, and is taken there' },
    { outcome: 'started', reason: null },
  ])
})

test('Gmail: its own word counts for who wrote', async () => {
  const mail = await startGmail()
  const { standIn } = gmail.definition.sandbox
  const { load } = standIn
  Object.assign(standIn, { load: async () => async () => ({ ...mail, close: async () => {} }) })
  onTestFinished(async () => {
    Object.assign(standIn, { load })
    await mail.close()
  })
  const post = gmail({ mode: 'sandbox', approvals: { people: { 'ada@shop.test': 'ada' } } })
  const server = await startServer({
    workflows: [ask as never],
    config: { sandbox: true, connectors: { gmail: post } },
  })
  const { database, approvalLoops } = server.internals
  await database.transaction((session) =>
    addPrincipal(session, { name: 'ada', kind: 'person', role: 'approver' }, acting),
  )
  const owner = await server.as('owner')
  await owner.runs.start({ query: { wait: '20s' }, body: { workflow: 'ask', input: { what: 'it' } } })
  const { id } = (await owner.approvals.list()).items[0]!
  const look = () => approvalLoops.bringers[0]!.look()
  await look()
  const sent = () =>
    mail.state.messages
      .filter(({ labelIds }) => labelIds.includes('SENT'))
      .map(({ raw }) => readSent('', Buffer.from(raw, 'base64url').toString()))
  expect(sent()[0]!.text).toContain(`reeve approvals ${id}`)
  for (const server of ['mx.evil.test', 'mx.google.com'])
    mail.deliver(
      [
        `Authentication-Results: ${server}; dkim=pass header.i=@shop.test header.s=k; dmarc=pass header.from=shop.test`,
        `From: ada@shop.test`,
        `Message-ID: <by-${server}@shop.test>`,
        `In-Reply-To: ${sent()[0]!.id}`,
        '',
        'approve',
      ].join('\r\n'),
    )
  await look()
  expect(sent().slice(1)).toMatchObject([
    { text: expect.stringContaining('not of the server that is trusted') },
    { text: 'publish is approved now.\n' },
  ])
  expect(await requireApproval(database, id)).toMatchObject({ status: 'approved', decided_by: 'ada' })
})

test('settings with an address twice, or with no name of a server, are refused', () => {
  const approvals = { people: { 'ada@shop.test': 'ada', 'Ada@Shop.test': 'eve' } }
  expect(() => email({ approvals })).toThrow('stands there twice')
  expect(() => email({ approvals: { people: {}, authservId: 'a b' } })).toThrow('authservId')
  expect(() => email({ approvals: { people: { ada: 'ada' } } })).toThrow('people')
})
