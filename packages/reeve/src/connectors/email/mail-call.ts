import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { type EffectVerdict, NotApplied } from '../../engine/calls/effect/definition.ts'
import { LetterReader } from '../../triggers/letters/read-letter.ts'
import { lettersSchema } from '../asking/letters-of-service.ts'
import type { ServiceCall } from '../door/service-call.ts'
import type { outgoingSchema } from './letter-schema.ts'
import type { MailHost, MailLogin } from './mail-host.ts'
import { Mailbox } from './mailbox.ts'
import type { Outgoing } from './outgoing.ts'
import { type MailServers, type SentLetter, sendLetter, verifySent } from './sending/send-letter.ts'

const host = z
  .string()
  .regex(/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i, 'host:port, such as imap.shop.example:993')

/** What a project says of its mailbox. */
export const mailSettings = z.object({
  /** Who its letters are from. */
  address: z.email().default('desk@sandbox.test'),
  /** As the sender is called. */
  sender: z.string().max(100).optional(),
  /** `host:port`; needed outside of the sandbox. At 993, else by STARTTLS. */
  imap: host.optional(),
  /** `host:port`; needed outside of the sandbox. At 465, else by STARTTLS. */
  smtp: host.optional(),
  /** The SMTP server keeps copies in the folder for sent letters by itself (Gmail, Microsoft 365). */
  keepsSent: z.boolean().default(false),
  /** Which folder is looked into for new letters. */
  folder: z.string().max(200).default('INBOX'),
  /** Requests are brought to people by letter, and decided by reply. */
  approvals: lettersSchema
    .extend({
      /** What your receiving server calls itself at the beginning of its `Authentication-Results`, such as `mx.shop.example`. */
      authservId: z
        .string()
        .regex(/^[\w.-]{1,255}$/, 'the name at the beginning of `Authentication-Results`')
        .optional(),
    })
    .optional(),
})

export const placeSchema = z.object({
  uidValidity: z.string(),
  uid: z.number(),
  at: z.number(),
  before: z.object({ uid: z.number(), since: z.number() }).optional(),
})

type Settings = z.output<typeof mailSettings>
type Api = ServiceCall<Settings>

/** As the connection's schema read them. */
export function settingsOf(api: ServiceCall): Settings {
  return api.settings as Settings
}

/** Works in the mailbox of the account, on a connection of its own that ends with it. @throws what the door throws */
export async function inMailbox<T>(
  given: ServiceCall,
  work: (mailbox: Mailbox, letters: LetterReader) => Promise<T>,
): Promise<T> {
  const api = given as unknown as Api
  const letters = new LetterReader()
  let mailbox: Mailbox | undefined
  try {
    mailbox = await Mailbox.open(await hostAt(api, 'imap'), await loginOf(api), api.signal)
    return await work(mailbox, letters)
  } catch (error) {
    throw await refusedBy(api, error)
  } finally {
    letters.close()
    await mailbox?.leave()
  }
}

export async function sendFor(
  given: ServiceCall,
  args: z.output<typeof outgoingSchema>,
): Promise<SentLetter> {
  const api = given as unknown as Api
  try {
    return await sendLetter(await serversOf(api), await loginOf(api), outgoingOf(api, args), api)
  } catch (error) {
    throw await refusedBy(api, error)
  }
}

export async function verifyFor(
  given: ServiceCall,
  args: z.output<typeof outgoingSchema>,
): Promise<EffectVerdict> {
  const api = given as unknown as Api
  try {
    return (await verifySent(
      await serversOf(api),
      await loginOf(api),
      outgoingOf(api, args),
      api,
    )) as EffectVerdict
  } catch (error) {
    throw await refusedBy(api, error)
  }
}

export function outgoingOf(given: ServiceCall, args: z.output<typeof outgoingSchema>): Outgoing {
  const { address, sender } = settingsOf(given)
  return { ...args, from: address, fromName: sender }
}

async function serversOf(api: Api): Promise<MailServers> {
  const { keepsSent } = api.settings
  return { imap: await hostAt(api, 'imap'), smtp: await hostAt(api, 'smtp'), keepsSent }
}

/** @throws `NotApplied` */
async function hostAt(api: Api, name: 'imap' | 'smtp'): Promise<MailHost> {
  const address = URL.parse(await api.at(name))
  const port = Number(address?.port)
  if (address?.hostname && port > 0) return { host: address.hostname, port }
  throw new NotApplied(
    `The mailbox ${api.settings.address} has no \`${name}\`. Say where its server is: email({ ${name}: 'host:port' })`,
  )
}

async function loginOf(api: Api): Promise<MailLogin> {
  const { user, password, access_token: token } = await api.credential()
  if (typeof token === 'string') return { user: api.settings.address, accessToken: token }
  return { user: String(user), password: String(password) }
}

/** A server that lets the account in no more is the door's affair: who needs the mailbox waits until it is connected again. */
async function refusedBy(api: Api, error: unknown): Promise<unknown> {
  const isSignIn = (each: unknown) => each instanceof ReeveError && each.code === 'mail-sign-in'
  const isRefused = isSignIn(error) || (error instanceof Error && isSignIn(error.cause))
  return isRefused ? api.refused({ kind: 'credential', message: (error as Error).message }) : error
}
