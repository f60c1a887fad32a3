import { expect, onTestFinished, test } from 'vitest'
import { sendLetter, verifySent } from '../../../src/connectors/email/sending/send-letter.ts'
import { type MailStandInOptions, start as startStandIn } from '../../../src/connectors/email/stand-in.ts'

const address = 'desk@sandbox.test'
const login = { user: address, password: 'sandbox-password' }
const letter = {
  from: address,
  fromName: 'The "Desk"',
  to: ['eve@shop.test'],
  subject: 'Your order\r\nBcc: thief@evil.test',
  text: '.a line that begins with a dot\nand another',
}

async function standIn(options: MailStandInOptions = {}) {
  const server = await startStandIn(options)
  onTestFinished(() => server.close())
  const servers = {
    smtp: { host: '127.0.0.1', port: server.smtpPort },
    imap: { host: '127.0.0.1', port: server.imapPort },
    keepsSent: options.savesSent ?? false,
  }
  const attempt = () => ({ key: 'db:run:7', signal: AbortSignal.timeout(20_000) })
  const { store } = server.account()
  return {
    server,
    send: (given = letter) => sendLetter(servers, login, given, attempt()),
    verify: () => verifySent(servers, login, letter, attempt()),
    folders: () => [server.sent.length, store.drafts.letters.length, store.sent.letters.length],
  }
}

test('a letter is sent once, filed among what is sent, and known by the key of its effect', async () => {
  const { server, send, verify, folders } = await standIn()
  expect(await verify()).toEqual({ outcome: 'not-applied' })
  const sent = await send()
  expect(sent).toEqual({
    messageId: expect.stringMatching(/^<reeve\.[\da-f]{40}@sandbox\.test>$/),
    accepted: ['eve@shop.test'],
    rejected: [],
  })
  expect(folders()).toEqual([1, 0, 1])
  expect(await verify()).toEqual({ outcome: 'applied', result: sent })
  // A worker that was taken for dead comes back and sends again.
  expect(await send()).toEqual(sent)
  expect(folders()).toEqual([1, 0, 1])
  const [{ raw, to }] = server.sent as [(typeof server.sent)[0]]
  expect(to).toEqual(['eve@shop.test'])
  // What stands in a subject makes no header and no recipient.
  expect(raw.toString()).not.toMatch(/^bcc:/im)
  expect(raw.toString()).toContain('\r\n.a line that begins with a dot\r\n')
})

test('where the server keeps copies itself, there is one', async () => {
  const { send, folders } = await standIn({ savesSent: true })
  await send()
  expect(folders()).toEqual([1, 0, 1])
})

test.for([
  ['the connection is refused', 'EHLO', 'drop'],
  ['a recipient is refused for now', 'RCPT', 'refuse'],
  ['the letter is refused for now', '.', 'refuse'],
] as const)('when %s, nothing was sent and nothing is left behind', async ([, command, fault]) => {
  const { server, send, verify, folders } = await standIn()
  server.mailFaults.onSmtp(command, fault)
  await expect(send()).rejects.toMatchObject({ code: 'not-applied', retryable: true })
  expect(folders()).toEqual([0, 0, 0])
  expect(await verify()).toEqual({ outcome: 'not-applied' })
  await send()
  expect(folders()).toEqual([1, 0, 1])
})

test('a server that is busy is no refusal of the account', async () => {
  const { server, send, folders } = await standIn()
  server.mailFaults.onImap('AUTHENTICATE', 'refuse')
  await expect(send()).rejects.toMatchObject({ code: 'not-applied', retryable: true })
  server.mailFaults.onSmtp('AUTH', 'refuse')
  await expect(send()).rejects.toMatchObject({ code: 'not-applied', retryable: true })
  expect(folders()).toEqual([0, 0, 0])
})

test('a refusal for good is not tried again, and says who is not there', async () => {
  const { send } = await standIn()
  await expect(send({ ...letter, to: ['nobody@shop.test'] })).rejects.toMatchObject({
    code: 'not-applied',
    retryable: false,
    message: expect.stringContaining('5.1.1'),
  })
  expect(await send({ ...letter, to: ['nobody@shop.test', 'eve@shop.test'] })).toMatchObject({
    accepted: ['eve@shop.test'],
    rejected: ['nobody@shop.test'],
  })
})

test('an answer that is lost after the letter was taken is for a person, unless the folders tell', async () => {
  const { server, send, verify, folders } = await standIn()
  server.mailFaults.onSmtp('.', 'drop-after')
  await expect(send()).rejects.toMatchObject({ code: 'mail-unanswered' })
  expect(folders()).toEqual([1, 1, 0])
  expect(await verify()).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('drafts') })

  const kept = await standIn({ savesSent: true })
  kept.server.mailFaults.onSmtp('.', 'drop-after')
  await expect(kept.send()).rejects.toMatchObject({ code: 'mail-unanswered' })
  expect(await kept.verify()).toMatchObject({ outcome: 'applied' })
})

test('a copy that cannot be filed makes no failure of a letter that was sent', async () => {
  const { server, send, folders } = await standIn()
  server.mailFaults.onImap('MOVE', 'drop')
  expect(await send()).toMatchObject({ accepted: ['eve@shop.test'] })
  expect(folders()).toEqual([1, 1, 0])
})

test('a mailbox that is not reached, or lets nobody in, sends nothing', async () => {
  const { server, send, folders } = await standIn()
  server.mailFaults.onImap('APPEND', 'drop')
  await expect(send()).rejects.toMatchObject({ code: 'not-applied', retryable: true })
  server.account().password = 'another'
  await expect(send()).rejects.toMatchObject({
    code: 'not-applied',
    retryable: false,
    message: expect.stringContaining('does not let this account in'),
  })
  expect(folders()).toEqual([0, 0, 0])
})
