import { Readable } from 'node:stream'
import type { SMTPConnectionCustomAuthContext } from 'nodemailer/lib/smtp-connection'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { importOptional } from '../../../base/optional-package.ts'
import { firstCharacters } from '../../../base/text/shorten.ts'
import { NotApplied } from '../../../engine/calls/effect/definition.ts'
import { encryptionOf, type MailHost, type MailLogin } from '../mail-host.ts'
import type { Composed } from '../outgoing.ts'

/** What the server took. */
export interface Taken {
  accepted: string[]
  /** To these it will not be delivered; at least one other was accepted. */
  rejected: string[]
}

const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 }

/**
 * Hands a letter to an SMTP server.
 *
 *   connected → signed in → sender and recipients taken → the letter's bytes → its end → accepted
 *
 * Until its end was sent, no server can have taken it: an error before that is `NotApplied`, and so is a refusal at any time. After
 * it, without an answer, nobody knows.
 * @throws `NotApplied` `mail-sign-in` `missing-package`; anything else: the outcome is unknown
 */
export async function sendBySmtp(
  server: MailHost,
  login: MailLogin,
  letter: Composed,
  signal: AbortSignal,
): Promise<Taken> {
  const { default: SmtpConnection } = await importOptional(
    ['nodemailer'],
    'Letters that are sent',
    () => import('nodemailer/lib/smtp-connection'),
  )
  signal.throwIfAborted()
  const encryption = encryptionOf(server)
  const connection = new SmtpConnection({
    ...server,
    ...timeouts,
    secure: encryption === 'implicit',
    requireTLS: encryption === 'starttls',
    ignoreTLS: encryption === 'none',
    tls: { servername: server.host },
    logger: false,
    ...('accessToken' in login && { customAuth: { XOAUTH2: bearer(login) } }),
  })
  // What is not asked for any more may still fail.
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  connection.on('error', failed.reject)
  connection.once('end', () => failed.reject(new Error('the connection ended')))
  const onAbort = () => failed.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const content = Readable.from([letter.raw])
  let isHandedOver = false
  content.once('end', () => {
    isHandedOver = true
  })
  const step = <T>(run: (done: (error: unknown, value?: T) => void) => void) =>
    Promise.race([
      failed.promise,
      new Promise<T>((resolve, reject) =>
        run((error, value) => (error ? reject(error) : resolve(value as T))),
      ),
    ])
  try {
    await step<void>((done) => connection.connect(done))
    const { user } = login
    const signIn =
      'password' in login
        ? { credentials: { user, pass: login.password } }
        : { type: 'custom', method: 'XOAUTH2', credentials: { user, pass: login.accessToken } }
    await step<boolean>((done) => connection.login(signIn, done))
    const envelope = { from: letter.from, to: letter.recipients, size: letter.raw.length }
    const { accepted, rejected } = await step<{ accepted: string[]; rejected: string[] }>((done) =>
      connection.send(envelope, content, done),
    )
    connection.quit()
    return { accepted, rejected }
  } catch (error) {
    throw readError(error, server, isHandedOver)
  } finally {
    signal.removeEventListener('abort', onAbort)
    content.destroy()
    connection.close()
  }
}

function bearer({ user, accessToken }: Extract<MailLogin, { accessToken: string }>) {
  const said = Buffer.from(`user=${user}\x01auth=Bearer ${accessToken}\x01\x01`).toString('base64')
  return async (context: SMTPConnectionCustomAuthContext) => {
    const { status, response } = await context.sendCommand(`AUTH XOAUTH2 ${said}`)
    if (status === 235) return context.resolve()
    // It told more, and waits for an empty line before it refuses.
    if (status === 334) await context.sendCommand('').catch(() => {})
    context.reject(new Error(`${status} ${response}`))
  }
}

function readError(error: unknown, { host, port }: MailHost, isHandedOver: boolean): unknown {
  if (error instanceof ReeveError) return error
  const { responseCode, command, code } = error as { responseCode?: number; command?: string; code?: string }
  const said = firstCharacters(messageOf(error), 300)
  const where = `The mail server ${host}:${port}`
  // Below 500 it is a no for now, of a server that is busy.
  const isForNow = responseCode !== undefined && responseCode < 500
  if (!isForNow && (code === 'EAUTH' || responseCode === 535 || responseCode === 530)) {
    return new ReeveError(
      'mail-sign-in',
      `${where} does not let this account in: ${said}. Check its user and password (many services want one made for programs).`,
      { cause: error, details: { sent: false } },
    )
  }
  if (responseCode !== undefined && responseCode >= 400) {
    const during = isForNow ? ` for now (${command})` : ` (${command})`
    return new NotApplied(`${where} refused the letter${during}: ${said}`, {
      retryable: isForNow,
      cause: error,
      ...(isForNow && { details: { outage: true } }),
    })
  }
  if (!isHandedOver) {
    return new NotApplied(`${where} could not be given the letter: ${said}`, {
      retryable: true,
      cause: error,
      details: { outage: true },
    })
  }
  return new ReeveError(
    'mail-unanswered',
    `${where} was given the letter and did not say whether it took it: ${said}`,
    { retryable: true, cause: error, details: { sent: true } },
  )
}
