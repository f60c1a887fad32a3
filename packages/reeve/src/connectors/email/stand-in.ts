import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { bounceOf } from './stand-in/bounce.ts'
import { imapServer } from './stand-in/imap-server.ts'
import type { MailAccount } from './stand-in/mail-account.ts'
import { MailFaults } from './stand-in/mail-faults.ts'
import { MailStore } from './stand-in/mail-store.ts'
import { type HandedIn, smtpServer } from './stand-in/smtp-server.ts'

/** For `startMailStandIn`. */
export interface MailStandInOptions {
  /** The accounts: address to password. Default: `desk@sandbox.test` with `sandbox-password`. */
  accounts?: Readonly<Record<string, string>>
  /** Whose time letters arrive at. Default: the system's. */
  now?: () => number
  /** The largest letter that SMTP takes. Default 35 MB. */
  maxBytes?: number
  /** Its SMTP server keeps a copy of what it sends in Sent, as Gmail's does. Default false. */
  savesSent?: boolean
}

/** A mail server on loopback, with mailboxes in memory. What is sent to anybody else than its accounts goes nowhere. */
export interface MailStandIn {
  smtpPort: number
  imapPort: number
  faults: MailFaults
  /** All that was handed in by SMTP, the oldest first. */
  readonly sent: readonly HandedIn[]
  account(address?: string): MailAccount
  close(): Promise<void>
}

/**
 * Letters to its accounts come into their inboxes. Those to an address that begins with `bounce` come back as the notice of a
 * mail server that found nobody; one that begins with `nobody` is refused at once.
 * @example
 * import { startMailStandIn } from 'reeve/connectors/email'
 *
 * const server = await startMailStandIn({ accounts: { 'desk@shop.test': 'a-password' } })
 * await server.close()
 */
export async function startMailStandIn(options: MailStandInOptions = {}): Promise<MailStandIn> {
  const { now = Date.now, maxBytes = 35_000_000, savesSent = false } = options
  const given = options.accounts ?? { 'desk@sandbox.test': 'sandbox-password' }
  const accounts = Object.entries(given).map(
    ([address, password]): MailAccount => ({
      address,
      password,
      token: null,
      isRevoked: false,
      store: new MailStore(),
    }),
  )
  const find = (wanted: string) =>
    accounts.find(({ address }) => address.toLowerCase() === wanted.toLowerCase())
  const faults = new MailFaults()
  const sent: HandedIn[] = []
  const take = (letter: HandedIn) => {
    sent.push(letter)
    const sender = find(letter.from)?.store
    if (savesSent) sender?.sent.add(letter.raw, { at: now(), flags: ['\\Seen'] })
    for (const address of letter.to) {
      find(address)?.store.inbox.add(letter.raw, { at: now() })
      if (address.startsWith('bounce')) sender?.inbox.add(bounceOf(letter, address, now()), { at: now() })
    }
  }
  const isKnown = (address: string) => address.includes('@') && !address.startsWith('nobody')
  const smtp = smtpServer({ accounts, faults, maxBytes, isKnown, take })
  const imap = imapServer(accounts, now, faults)
  const [smtpPort, imapPort] = await Promise.all([listen(smtp), listen(imap)])
  return {
    smtpPort,
    imapPort,
    faults,
    sent,
    account: (address = accounts[0]!.address) => {
      const account = find(address)
      if (!account) throw new Error(`the stand-in has no account ${address}`)
      return account
    },
    close: async () => {
      faults.dropAll()
      await Promise.all([smtp, imap].map((server) => new Promise((done) => server.close(done))))
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return (server.address() as AddressInfo).port
}
