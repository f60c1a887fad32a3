import type { FetchMessageObject, ImapFlow, SearchObject } from 'imapflow'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { importOptional } from '../../base/optional-package.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { encryptionOf, type MailHost, type MailLogin } from './mail-host.ts'

/** A letter as it lies in a folder, before it is read. */
export interface FoundLetter {
  uid: number
  bytes: number
  /** When it arrived (ms), by the server's clock. */
  arrivedAt: number
  flags: readonly string[]
}

/** The part that a folder has in a mailbox, whatever it is called. */
export type FolderUse = 'sent' | 'drafts' | 'inbox'

/** The state of the open folder. */
export interface OpenFolder {
  path: string
  uidValidity: string
  uidNext: number
}

/**
 * A mailbox over IMAP, one connection. It asks for what it needs and no more: nothing is read whole that has no bound, and what is
 * read stays unread for people.
 */
export class Mailbox {
  /** As whom it is open. */
  readonly user: string
  readonly #client: ImapFlow
  readonly #server: MailHost
  #isEnded = false

  private constructor(client: ImapFlow, server: MailHost, user: string) {
    this.#client = client
    this.user = user
    this.#server = server
    // Errors of a connection that nothing is asked of: the next question tells.
    client.on('error', () => {})
    client.once('close', () => {
      this.#isEnded = true
    })
  }

  /** @throws `mail-sign-in` `mail-unreachable` `missing-package` */
  static async open(server: MailHost, login: MailLogin, signal?: AbortSignal): Promise<Mailbox> {
    const { ImapFlow } = await importOptional(['imapflow'], 'Mailboxes', () => import('imapflow'))
    signal?.throwIfAborted()
    const encryption = encryptionOf(server)
    const client = new ImapFlow({
      ...server,
      secure: encryption === 'implicit',
      doSTARTTLS: encryption === 'starttls',
      auth:
        'password' in login
          ? { user: login.user, pass: login.password }
          : { user: login.user, accessToken: login.accessToken },
      logger: false,
      disableAutoIdle: true,
      connectionTimeout: 15_000,
      greetingTimeout: 10_000,
      socketTimeout: 60_000,
      clientInfo: { name: 'reeve' },
    })
    const mailbox = new Mailbox(client, server, login.user)
    const onAbort = () => mailbox.close()
    signal?.addEventListener('abort', onAbort, { once: true })
    client.once('close', () => signal?.removeEventListener('abort', onAbort))
    await mailbox.#ask(() => client.connect())
    return mailbox
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** For reading: nothing in it is changed by looking. @throws `mail-no-folder` */
  async openFolder(path: string, options: { forWriting?: boolean } = {}): Promise<OpenFolder> {
    const found = await this.#ask(() =>
      this.#client.mailboxOpen(path, { readOnly: options.forWriting !== true }),
    )
    return { path: found.path, uidValidity: String(found.uidValidity), uidNext: found.uidNext }
  }

  /** The folder of that use: as the server marks it, else by the names that are usual. @throws `mail-no-folder` */
  async folderOf(use: FolderUse): Promise<string> {
    if (use === 'inbox') return 'INBOX'
    const folders = await this.#ask(() => this.#client.list())
    const [mark, usual] = use === 'sent' ? (['\\Sent', 'Sent'] as const) : (['\\Drafts', 'Drafts'] as const)
    const found =
      folders.find(({ specialUse }) => specialUse === mark) ?? folders.find(({ name }) => name === usual)
    if (found) return found.path
    throw new ReeveError(
      'mail-no-folder',
      `The mailbox at ${this.#server.host} has no folder for ${use === 'sent' ? 'sent letters' : 'drafts'}. Make a folder "${usual}" in it.`,
      { details: { sent: false } },
    )
  }

  /** UIDs, the lowest first; at most `most`, the newest. */
  async search(query: SearchObject, most: number): Promise<number[]> {
    const found = await this.#ask(() => this.#client.search(query, { uid: true }))
    const uids = Array.isArray(found) ? found : []
    return uids.sort((one, other) => one - other).slice(-most)
  }

  /** What lies in the open folder between two UIDs, both included, the lowest first. */
  async list(from: number, to: number): Promise<FoundLetter[]> {
    const query = { uid: true, size: true, internalDate: true, flags: true }
    const found = await this.#ask(() => this.#client.fetchAll(`${from}:${to}`, query, { uid: true }))
    return found
      .map(foundLetter)
      .filter(({ uid }) => uid >= from && uid <= to)
      .sort((one, other) => one.uid - other.uid)
  }

  /** At most the first `most` bytes of a letter; undefined: it is not there any more. */
  async source(uid: number, most: number): Promise<Buffer | undefined> {
    const query = { uid: true, source: { start: 0, maxLength: most } }
    const found = await this.#ask(() => this.#client.fetchOne(String(uid), query, { uid: true }))
    return found ? found.source?.subarray(0, most) : undefined
  }

  /** What lies under these UIDs, as far as it is there. */
  async find(uids: readonly number[]): Promise<FoundLetter[]> {
    if (uids.length === 0) return []
    const query = { uid: true, size: true, internalDate: true, flags: true }
    const found = await this.#ask(() => this.#client.fetchAll(uids.join(','), query, { uid: true }))
    return found.map(foundLetter).sort((one, other) => one.uid - other.uid)
  }

  /** Lays a letter into a folder. Answers with its UID, where the server says it. */
  async append(path: string, raw: Buffer, flags: string[]): Promise<number | undefined> {
    const added = await this.#ask(() => this.#client.append(path, raw, flags))
    if (added === false) throw this.#unreachable(new Error('it did not take the letter'))
    return added.uid
  }

  /** Of letters in the open folder. Answers whether they were there. */
  async move(uids: readonly number[], path: string): Promise<boolean> {
    const moved = await this.#ask(() => this.#client.messageMove(uids.join(','), path, { uid: true }))
    return moved !== false
  }

  async delete(uids: readonly number[]): Promise<void> {
    if (uids.length > 0) await this.#ask(() => this.#client.messageDelete(uids.join(','), { uid: true }))
  }

  async setFlags(uids: readonly number[], flags: string[], isSet: boolean): Promise<void> {
    await this.#ask(() =>
      isSet
        ? this.#client.messageFlagsAdd(uids.join(','), flags, { uid: true })
        : this.#client.messageFlagsRemove(uids.join(','), flags, { uid: true }),
    )
  }

  /** Resolves when something may have come into the open folder, or the connection ended, or `signal` says so. */
  async news(signal: AbortSignal): Promise<void> {
    const client = this.#client
    if (signal.aborted || this.#isEnded) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const tell = () => resolve()
    client.once('exists', tell)
    client.once('close', tell)
    signal.addEventListener('abort', tell, { once: true })
    // Ends with the next command, or with the connection.
    void client.idle().then(tell, tell)
    await promise
    client.off('exists', tell)
    client.off('close', tell)
    signal.removeEventListener('abort', tell)
  }

  /** Says goodbye; never throws. */
  async leave(): Promise<void> {
    if (this.#isEnded) return
    await this.#client.logout().catch(() => {})
    this.close()
  }

  close(): void {
    this.#client.close()
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      throw this.#read(error)
    }
  }

  #read(error: unknown): unknown {
    if (error instanceof ReeveError) return error
    const { authenticationFailed, mailboxMissing, responseText, serverResponseCode } = error as Record<
      string,
      unknown
    >
    const said = firstCharacters(typeof responseText === 'string' ? responseText : messageOf(error), 300)
    const where = `The mailbox at ${this.#server.host}:${this.#server.port}`
    // A busy server says no to a sign-in, too: that is no affair of a person's.
    const isForNow = isBusy(serverResponseCode) || tooMany.test(said)
    if (!isForNow && (authenticationFailed || serverResponseCode === 'AUTHENTICATIONFAILED')) {
      return new ReeveError(
        'mail-sign-in',
        `${where} does not let this account in: ${said}. Check its user and password (many services want one made for programs).`,
        { cause: error, details: { sent: false } },
      )
    }
    if (mailboxMissing || serverResponseCode === 'NONEXISTENT' || serverResponseCode === 'TRYCREATE') {
      return new ReeveError('mail-no-folder', `${where} has no such folder: ${said}`, {
        cause: error,
        details: { sent: false },
      })
    }
    return this.#unreachable(error, said)
  }

  #unreachable(cause: unknown, said = messageOf(cause)): ReeveError {
    const { host, port } = this.#server
    return new ReeveError('mail-unreachable', `The mailbox at ${host}:${port} did not answer: ${said}`, {
      retryable: true,
      cause,
      details: { outage: true },
    })
  }
}

/** Codes of RFC 5530 for what passes, and the one that large services have. */
function isBusy(code: unknown): boolean {
  return code === 'UNAVAILABLE' || code === 'INUSE' || code === 'LIMIT' || code === 'THROTTLED'
}

const tooMany = /\btoo many (?:simultaneous )?(?:connections|sessions)\b/i

function foundLetter({ uid, size = 0, internalDate, flags = new Set() }: FetchMessageObject): FoundLetter {
  return {
    uid,
    bytes: size,
    arrivedAt: internalDate === undefined ? 0 : new Date(internalDate).getTime(),
    flags: [...flags],
  }
}
