import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'
import { SMTPServer } from 'smtp-server'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { email } from '../../../src/connectors/email/email.ts'
import { Mailbox } from '../../../src/connectors/email/mailbox.ts'
import { newLetters, waitForLetters } from '../../../src/connectors/email/new-letters.ts'
import { sendLetter, verifySent } from '../../../src/connectors/email/sending/send-letter.ts'
import { keepCredential } from '../../../src/connectors/host/connecting.ts'
import { schemesOf } from '../../../src/connectors/shape/connection.ts'
import { workflow } from '../../../src/context.ts'
import { internalsOf } from '../../../src/runtime/runtime.ts'
import { keysToSetWith } from '../../../src/store/secrets/key/keys-to-set-with.ts'
import { testRuntime } from '../../../src/testing/index.ts'
import { LetterReader } from '../../../src/triggers/letters/read-letter.ts'

/**
 * An IMAP server that others run, with a mailbox that may be filled: `MAIL_SERVER=imap://USER:PASSWORD@127.0.0.1:PORT`. It needs folders
 * for drafts and for sent letters. Without it nothing here runs.
 */
const given = process.env.MAIL_SERVER === undefined ? undefined : new URL(process.env.MAIL_SERVER)
const imap = { host: given?.hostname ?? '', port: Number(given?.port) }
const login = {
  user: decodeURIComponent(given?.username ?? ''),
  password: decodeURIComponent(given?.password ?? ''),
}
const address = 'desk@shop.test'
const letters = new LetterReader()
afterAll(() => letters.close())

const letter = (subject: string, ...more: string[]) =>
  Buffer.from(
    [
      'From: Eve <eve@shop.test>',
      `Message-ID: <${randomUUID()}@shop.test>`,
      `Subject: ${subject}`,
      ...more,
      '',
      'hello',
    ].join('\r\n'),
  )

/** A relay of this machine. With a fault it takes the next letter, and says nothing. */
async function relay() {
  const taken: string[] = []
  const faults: 'drop'[] = []
  const smtp = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('end', () => {
        taken.push(Buffer.concat(chunks).toString())
        if (faults.pop() === undefined) return done()
        const { connections } = smtp as unknown as { connections: Set<{ _socket: Socket }> }
        for (const { _socket } of connections) _socket.destroy()
      })
    },
  })
  smtp.on('error', () => {})
  const listening = smtp.listen(0, '127.0.0.1')
  if (!listening.listening) await once(listening, 'listening')
  onTestFinished(() => new Promise<void>((done) => void smtp.close(done)))
  return { taken, faults, server: { host: '127.0.0.1', port: (listening.address() as AddressInfo).port } }
}

async function opened(): Promise<Mailbox> {
  const mailbox = await Mailbox.open(imap, login)
  onTestFinished(() => mailbox.leave())
  return mailbox
}

/** A folder of the test's own, which goes with it. */
async function folder() {
  const path = `reeve-${randomUUID()}`
  const client = new ImapFlow({
    ...imap,
    secure: false,
    doSTARTTLS: false,
    auth: { user: login.user, pass: login.password },
    logger: false,
  })
  await client.connect()
  await client.mailboxCreate(path)
  onTestFinished(async () => {
    await client.mailboxDelete(path).catch(() => {})
    await client.logout()
  })
  return { path, client }
}

const subjects = (found: readonly object[]) =>
  found.map((each) => ('item' in each ? (each.item as { subject: string }).subject : Object.keys(each)))

describe.runIf(given)('a mail server that others run', () => {
  test('lets in who it knows, and has the folders of their use', async () => {
    const mailbox = await opened()
    expect(await mailbox.folderOf('drafts')).not.toBe(await mailbox.folderOf('sent'))
    await expect(mailbox.openFolder(`none-${randomUUID()}`)).rejects.toMatchObject({ code: 'mail-no-folder' })
    await expect(Mailbox.open(imap, { ...login, password: 'wrong' })).rejects.toMatchObject({
      code: 'mail-sign-in',
    })
  })

  test('a letter is sent once, filed, and known by the key of its effect; one without an answer is for a person', async () => {
    const { taken, faults, server } = await relay()
    const servers = { imap, smtp: server, keepsSent: false }
    const its = { from: address, to: ['eve@shop.test'], subject: 'Grüße', text: 'ä\n.\nend' }
    const attempt = { key: `db:run:${randomUUID()}`, signal: AbortSignal.timeout(30_000) }
    expect(await verifySent(servers, login, its, attempt)).toEqual({ outcome: 'not-applied' })
    const sent = await sendLetter(servers, login, its, attempt)
    expect(await verifySent(servers, login, its, attempt)).toEqual({ outcome: 'applied', result: sent })
    expect(await sendLetter(servers, login, its, attempt)).toEqual(sent)
    expect(taken).toHaveLength(1)
    const mailbox = await opened()
    const lying = async (use: 'drafts' | 'sent', messageId: string) => {
      await mailbox.openFolder(await mailbox.folderOf(use), { forWriting: true })
      return mailbox.search({ header: { 'message-id': messageId } }, 10)
    }
    expect([
      (await lying('drafts', sent.messageId)).length,
      (await lying('sent', sent.messageId)).length,
    ]).toEqual([0, 1])
    const other = { ...attempt, key: `db:run:${randomUUID()}` }
    faults.push('drop')
    await expect(sendLetter(servers, login, its, other)).rejects.toMatchObject({ code: 'mail-unanswered' })
    expect(await verifySent(servers, login, its, other)).toMatchObject({ outcome: 'unknown' })
    expect(taken).toHaveLength(2)
  })

  test('new letters come in order, once, in parts, also after the folder was made anew', async () => {
    const { path, client } = await folder()
    const mailbox = await opened()
    const by = { letters, now: Date.now() }
    const look = (place: Parameters<typeof newLetters>[2]) => newLetters(mailbox, path, place, by)
    await mailbox.append(path, letter('before'), [])
    const first = await look(null)
    expect(first.found).toEqual([])
    for (let number = 1; number <= 60; number++) await mailbox.append(path, letter(String(number)), [])
    const second = await look(first.place)
    expect([second.found.length, second.more, subjects(second.found)[0]]).toEqual([50, true, '1'])
    const third = await look(second.place)
    expect([subjects(third.found).at(-1), third.more]).toEqual(['60', false])
    // Whoever died before its place moved finds the same again, under the same names; nothing is marked as seen by looking.
    expect((await look(first.place)).found.map(({ id }) => id)).toEqual(second.found.map(({ id }) => id))
    expect((await mailbox.list(1, 100)).every(({ flags }) => !flags.includes('\\Seen'))).toBe(true)
    const [last] = await mailbox.find([third.place.uid])
    const raw = (await mailbox.source(last!.uid, 10_000))!
    await mailbox.openFolder('INBOX')
    await client.mailboxDelete(path)
    await client.mailboxCreate(path)
    await mailbox.append(path, raw, [])
    await mailbox.append(path, letter('after'), [])
    const anew = await look(third.place)
    expect(anew.place.uidValidity).not.toBe(third.place.uidValidity)
    expect(subjects(anew.found)).toEqual(['60', 'after'])
    expect(anew.found[0]!.id).toBe(third.found.at(-1)!.id)
  })

  test('what comes ends the wait, and a letter of 60 MB is read in its beginning', async () => {
    const { path } = await folder()
    const [mailbox, other] = [await opened(), await opened()]
    const by = { letters, now: Date.now() }
    const { place } = await newLetters(mailbox, path, null, by)
    const signal = AbortSignal.timeout(30_000)
    const waiting = waitForLetters(mailbox, path, place, signal)
    const begin = [
      letter('large', 'Content-Type: multipart/mixed; boundary=b').subarray(0, -5),
      Buffer.from(
        '--b\r\nContent-Type: text/plain\r\n\r\nplease cancel\r\n--b\r\nContent-Type: application/zip\r\n\r\n',
      ),
    ]
    const large = Buffer.concat([...begin, Buffer.alloc(60_000_000, `${'x'.repeat(76)}\r\n`)])
    await other.append(path, large, [])
    await waiting
    expect(signal.aborted).toBe(false)
    const { found } = await newLetters(mailbox, path, place, by)
    expect(found).toMatchObject([
      { item: { isPartial: true, bytes: large.length, text: expect.stringContaining('please cancel') } },
    ])
  })

  test('the actions and the trigger of the connector do their work there, once', async () => {
    const { path } = await folder()
    const { taken, server } = await relay()
    const at = (host: { host: string; port: number }) => `${host.host}:${host.port}`
    const post = email({
      mode: 'sandbox',
      address,
      imap: at(imap),
      smtp: at(server),
      folder: path,
      rules: { send: { approval: 'never' } },
    })
    const subject = `Order ${randomUUID()}`
    const desk = workflow({
      name: 'desk',
      input: z.object({ id: z.string(), messageId: z.string() }),
      on: [post.on.letter({ input: ({ id, messageId }) => ({ id, messageId: messageId! }) })],
      async run(ctx, { id, messageId }) {
        const its = { to: ['eve@shop.test'], subject: `Re: ${subject}`, inReplyTo: messageId }
        const read = await ctx.call(post.actions.read, { id })
        const sent = await ctx.call(post.actions.send, { ...its, text: 'On its way' })
        await ctx.call(post.actions.mark, { id, as: 'answered' })
        const draft = await ctx.call(post.actions.draft, { ...its, text: 'Later' })
        const found = await ctx.call(post.actions.search, { folder: path, subject })
        const thread = await ctx.call(post.actions.thread, { messageId })
        return { read, sent, draft, found, thread }
      },
    })
    const home = mkdtempSync(join(tmpdir(), 'reeve-mail-'))
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    await using runtime = await testRuntime({
      ...{ workflows: [desk], config: { connectors: { email: post } } },
      file: join(home, 'reeve.db'),
    })
    const { database, vault, connections, pollLoops } = internalsOf(runtime.runtime)
    const key = { connection: 'email', account: 'default', mode: 'sandbox' } as const
    const keys = await keysToSetWith(database, runtime.runtime.environment)
    const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
    await database.transaction((session) =>
      keepCredential(session, post, { key, scheme: schemesOf(post)[0]!, credential: login, keys }, acting),
    )
    await vault.lookAgain()
    expect(await connections.health.probe(key)).toMatchObject({
      state: 'connected',
      reason: null,
      identity: login.user,
    })
    const look = async () => {
      for (const follower of pollLoops.followers) while (await follower.look()) {}
    }
    await look()
    const mailbox = await opened()
    await mailbox.append(path, letter(subject), [])
    await look()
    await runtime.settle()
    const run = await runtime.lastRun<Record<string, never>>('desk')
    const output = (await run.output()) as unknown as {
      read: { text: string }
      sent: { accepted: string[] }
      draft: { messageId: string }
      found: { subject: string; isAnswered?: boolean }[]
      thread: { folder: string }[]
    }
    expect(output.read.text).toContain('hello')
    expect(output.sent.accepted).toEqual(['eve@shop.test'])
    expect(output.found.map((each) => each.subject)).toEqual([subject])
    const sentFolder = await mailbox.folderOf('sent')
    expect(output.thread.map((each) => each.folder).toSorted()).toEqual([path, sentFolder].toSorted())
    expect(taken).toHaveLength(1)
    await mailbox.openFolder(path)
    expect((await mailbox.list(1, 10))[0]!.flags).toContain('\\Answered')
    // Looked at again, nothing is sent twice.
    await look()
    expect((await runtime.runs()).runs).toHaveLength(1)
  })
})
