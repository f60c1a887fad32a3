import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo, Server } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { expect, onTestFinished, test } from 'vitest'
import { Mailbox } from '../../../src/connectors/email/mailbox.ts'
import { sendLetter, verifySent } from '../../../src/connectors/email/sending/send-letter.ts'

const login = { user: 'desk', password: 'a-password' }

interface Hoodiecrow {
  server: Server
  listen(port: number, host: string, done: () => void): void
  close(done: () => void): void
}

/** Servers that others wrote. */
async function servers() {
  const hoodiecrow = createRequire(import.meta.url)('hoodiecrow-imap') as (options: object) => Hoodiecrow
  const imap = hoodiecrow({
    plugins: [
      'ID',
      'NAMESPACE',
      'IDLE',
      'ENABLE',
      'CONDSTORE',
      'LITERALPLUS',
      'UNSELECT',
      'SPECIAL-USE',
      'UIDPLUS',
      'MOVE',
    ],
    users: { desk: { password: 'a-password' } },
    storage: {
      INBOX: { messages: [{ raw: 'From: eve@shop.test\r\nSubject: hi\r\n\r\nhello' }] },
      '': {
        folders: { 'Entw&APw-rfe': { 'special-use': '\\Drafts' }, Gesendet: { 'special-use': '\\Sent' } },
      },
    },
  })
  await new Promise<void>((done) => imap.listen(0, '127.0.0.1', done))
  const taken: string[] = []
  const smtp = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'desk' && password === 'a-password'
        ? done(null, { user: username })
        : done(new Error('no such account')),
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.once('end', () => {
        taken.push(Buffer.concat(chunks).toString())
        done()
      })
    },
  })
  smtp.on('error', () => {})
  const listening = smtp.listen(0, '127.0.0.1')
  if (!listening.listening) await once(listening, 'listening')
  onTestFinished(async () => {
    await new Promise<void>((done) => smtp.close(done))
    await new Promise<void>((done) => imap.close(done))
  })
  const port = (server: Server) => (server.address() as AddressInfo).port
  return {
    taken,
    servers: {
      smtp: { host: '127.0.0.1', port: port(listening) },
      imap: { host: '127.0.0.1', port: port(imap.server) },
      keepsSent: false,
    },
  }
}

test('a letter is sent and known again with servers that others wrote', async () => {
  const { servers: both, taken } = await servers()
  const letter = { from: 'desk@shop.test', to: ['eve@shop.test'], subject: 'Grüße', text: 'ä\n.\nend' }
  const attempt = { key: 'db:run:1', signal: AbortSignal.timeout(20_000) }
  expect(await verifySent(both, login, letter, attempt)).toEqual({ outcome: 'not-applied' })
  const sent = await sendLetter(both, login, letter, attempt)
  expect(taken).toHaveLength(1)
  expect(taken[0]).toContain(`Message-ID: ${sent.messageId}`)
  expect(await verifySent(both, login, letter, attempt)).toEqual({ outcome: 'applied', result: sent })
  await expect(sendLetter(both, { ...login, password: 'wrong' }, letter, attempt)).rejects.toThrow(
    'does not let this account in',
  )
})

test('letters are found, read and waited for with a server that others wrote', async () => {
  const { servers: both } = await servers()
  const mailbox = await Mailbox.open(both.imap, login)
  onTestFinished(() => mailbox.leave())
  expect(await mailbox.folderOf('drafts')).toBe('Entwürfe')
  expect(await mailbox.openFolder('INBOX')).toMatchObject({ uidNext: 2 })
  expect(await mailbox.list(1, 10)).toEqual([
    { uid: 1, bytes: 41, arrivedAt: expect.any(Number), flags: expect.any(Array) },
  ])
  expect((await mailbox.source(1, 10))?.toString()).toBe('From: eve@')
  const other = await Mailbox.open(both.imap, login)
  const news = mailbox.news(AbortSignal.timeout(10_000))
  await other.append('INBOX', Buffer.from('From: ann@shop.test\r\n\r\nmore'), [])
  await news
  await other.leave()
  expect(await mailbox.openFolder('INBOX')).toMatchObject({ uidNext: 3 })
})
