import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { SandboxOptions } from '../shape/sandbox.ts'
import type { StandInAnswer, StandInRequest, StandInRoute } from '../stand-in/exchange.ts'
import type { FaultKind } from '../stand-in/faults.ts'
import { KeptState } from '../stand-in/kept.ts'
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts'
import { bounceOf } from './stand-in/bounce.ts'
import { imapServer } from './stand-in/imap-server.ts'
import type { MailAccount } from './stand-in/mail-account.ts'
import { type MailFault, MailFaults } from './stand-in/mail-faults.ts'
import { type KeptFolder, MailStore } from './stand-in/mail-store.ts'
import { readHeaders } from './stand-in/plain-headers.ts'
import { type HandedIn, smtpServer } from './stand-in/smtp-server.ts'

/** For the start of a mail server's stand-in. */
export interface MailStandInOptions extends SandboxOptions {
  /** The accounts: address to password. Default: `desk@sandbox.test` with `sandbox-password`. */
  accounts?: Readonly<Record<string, string>>
  /** Whose time letters arrive at. Default: the system's. */
  now?: () => number
  /** The largest letter that SMTP takes. Default 35 MB. */
  maxBytes?: number
  /** Its SMTP server keeps a copy of what it sends in Sent, as Gmail's does. Default false. */
  savesSent?: boolean
}

/** A mail server on loopback. What is sent to anybody else than its accounts goes nowhere. */
export interface MailStandIn extends StandIn {
  endpoints: { imap: string; smtp: string }
  smtpPort: number
  imapPort: number
  /** Of its mail servers; `faults` are asked too, by the routes `IMAP COMMAND` and `SMTP COMMAND`. */
  mailFaults: MailFaults
  /** All that was handed in by SMTP, the oldest first. */
  readonly sent: readonly HandedIn[]
  account(address?: string): MailAccount
  /** How many clients wait for letters now. */
  idling(): number
}

interface Kept {
  /** What was handed in. Absent: a file of before it was kept. */
  sent?: { by: string; from: string; to: readonly string[]; raw: string }[]
  /** By account, then by folder. */
  mailboxes: Record<string, Record<string, KeptFolder>>
}

/**
 * Letters to its accounts come into their inboxes. Those to an address that begins with `bounce` come back as the notice of a
 * mail server that found nobody; one that begins with `nobody` is refused at once. Over HTTP: `POST /letters` lays a letter into the
 * inbox of the first account, `GET /sent` shows what was sent.
 */
export async function start(options: MailStandInOptions = {}): Promise<MailStandIn> {
  const { now: clock, maxBytes = 35_000_000, savesSent = false, file, port } = options
  const kept = new KeptState<Kept>(file, () => ({ mailboxes: {} }))
  const given = options.accounts ?? { 'desk@sandbox.test': 'sandbox-password' }
  const accounts = Object.entries(given).map(([address, password]) =>
    accountOf(address, password, kept, file),
  )
  const main = accounts[0]!
  const find = (wanted: string) =>
    accounts.find(({ address }) => address.toLowerCase() === wanted.toLowerCase())
  const sent: HandedIn[] = (kept.state.sent ?? []).map(({ by, from, to, raw }) => ({
    by: find(by) ?? main,
    from,
    to,
    raw: Buffer.from(raw, 'base64'),
  }))
  let now: () => number = Date.now
  const standIn = await startStandIn(
    (server) => {
      now = server.now
      return {
        name: 'email',
        refuse: ({ why }) => ({ status: why === 'not-found' ? 404 : 503, body: why }),
        routes: routesOf(main, sent, now),
      }
    },
    { ...(port !== undefined && { port }), ...(clock && { now: clock }) },
  )
  const take = (letter: HandedIn) => {
    sent.push(letter)
    if (file !== undefined) {
      const { by, from, to, raw } = letter
      kept.state.sent = [
        ...(kept.state.sent ?? []),
        { by: by.address, from, to, raw: raw.toString('base64') },
      ]
      kept.save()
    }
    standIn.books.record('letter-sent', { key: readHeaders(letter.raw).get('message-id') ?? '' })
    const { store } = letter.by
    if (savesSent) store.sent.add(letter.raw, { at: now(), flags: ['\\Seen'] })
    for (const address of letter.to) {
      find(address)?.store.inbox.add(letter.raw, { at: now() })
      if (address.startsWith('bounce')) store.inbox.add(bounceOf(letter, address, now()), { at: now() })
    }
  }
  const mailFaults = new MailFaults((command) => commonFault(standIn, command))
  const isKnown = (address: string) => address.includes('@') && !address.startsWith('nobody')
  const smtp = smtpServer({ accounts, faults: mailFaults, maxBytes, isKnown, take })
  const imap = imapServer(accounts, now, mailFaults)
  const [smtpPort, imapPort] = await Promise.all([listen(smtp), listen(imap)])
  return Object.assign(standIn, {
    endpoints: { imap: `imap://127.0.0.1:${imapPort}`, smtp: `smtp://127.0.0.1:${smtpPort}` },
    smtpPort,
    imapPort,
    mailFaults,
    sent,
    account: (address = main.address) => {
      const account = find(address)
      if (!account) throw new Error(`the stand-in has no account ${address}`)
      return account
    },
    idling: () => accounts.reduce((sum, { store }) => sum + store.listening, 0),
    close: closing(standIn.close, [smtp, imap], mailFaults),
  })
}

function closing(close: () => Promise<void>, servers: Server[], faults: MailFaults): () => Promise<void> {
  return async () => {
    faults.dropAll()
    await Promise.all([
      close(),
      ...servers.map((server) => new Promise<void>((done) => server.close(() => done()))),
    ])
  }
}

function accountOf(
  address: string,
  password: string,
  kept: KeptState<Kept>,
  file: string | undefined,
): MailAccount {
  const store = new MailStore()
  for (const [name, folder] of Object.entries(kept.state.mailboxes[address] ?? {}))
    (store.find(name) ?? store.add(name)).restore(folder)
  if (file !== undefined)
    store.onChange = () => {
      kept.state.mailboxes[address] = Object.fromEntries(
        store.folders.map((each) => [each.name, each.kept()]),
      )
      kept.save()
    }
  return { address, password, token: null, isRevoked: false, store }
}

function routesOf(
  { store }: MailAccount,
  sent: readonly HandedIn[],
  now: () => number,
): Record<string, StandInRoute> {
  return {
    'GET /': () => ({ body: 'A mail server on this machine. POST /letters, GET /sent\n' }),
    'HEAD /': () => ({}),
    'GET /sent': (): StandInAnswer => ({
      body: sent.map(({ from, to, raw }) => ({ from, to, letter: raw.toString('utf8') })),
    }),
    'POST /letters': ({ body }: StandInRequest) => {
      const { uid } = store.inbox.add(body, { at: now() })
      return { status: 201, body: { uid } }
    },
  }
}

const faultOf: Partial<Record<FaultKind, MailFault>> = {
  'rate-limited': 'refuse',
  'server-error': 'refuse',
  'error-page': 'refuse',
  'no-answer': 'drop',
  'lost-answer': 'drop-after',
  unauthorized: 'deny',
}
const signingIn = new Set(['LOGIN', 'AUTHENTICATE', 'AUTH'])

/** The switches of all stand-ins, for what is not HTTP. */
function commonFault({ faults, now }: StandIn, command: string): MailFault | undefined {
  const [method = '', path = ''] = command.split(' ')
  const about = { query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0), params: {}, at: now() }
  const kinds = (Object.keys(faultOf) as FaultKind[]).filter(
    (kind) => kind !== 'unauthorized' || signingIn.has(path),
  )
  const fault = faults.meet(kinds, { method, path, route: command, ...about })
  return fault && faultOf[fault.kind]
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return (server.address() as AddressInfo).port
}
