import { type Chosen, chosenLetters } from './chosen-letters.ts'
import { fetchAnswer } from './imap-fetch.ts'
import { searchTest } from './imap-search.ts'
import { type ImapCommand, ImapSyntaxError, type ImapToken, quoted, textOf } from './imap-syntax.ts'
import { fromBase64, type MailAccount, readBearer } from './mail-account.ts'
import type { MailFolder, StoredLetter } from './mail-store.ts'

export const imapCapabilities = [
  'IMAP4rev1',
  'LITERAL+',
  'SASL-IR',
  'AUTH=PLAIN',
  'AUTH=XOAUTH2',
  'UIDPLUS',
  'MOVE',
  'IDLE',
  'SPECIAL-USE',
  'ID',
].join(' ')

type Write = (part: string | Buffer) => void

/**
 * What an IMAP server says to one client.
 *
 *   greeted → authenticated → a folder is open ⇄ idle → out
 */
export class ImapSession {
  readonly #accounts: readonly MailAccount[]
  readonly #now: () => number
  readonly #write: Write
  #account: MailAccount | undefined
  #folder: MailFolder | undefined
  #isReadOnly = false
  /** How many letters of the open folder the client knows of. */
  #told = 0
  #stopIdle: (() => void) | undefined
  /** What the next line is for, where it is no command: its answer. */
  #expects: ((line: string) => string | undefined) | undefined

  constructor(accounts: readonly MailAccount[], now: () => number, write: Write) {
    this.#accounts = accounts
    this.#now = now
    this.#write = write
  }

  /** Whether the next line belongs to the command before it. */
  get isExpecting(): boolean {
    return this.#expects !== undefined
  }

  /** A line that was expected: what ends its command; undefined: more is to come. */
  take(line: string): string | undefined {
    const expects = this.#expects!
    this.#expects = undefined
    return expects(line)
  }

  /** The client is gone. */
  end(): void {
    this.#stopIdle?.()
    this.#stopIdle = undefined
  }

  /** Answers with the line that ends the command; undefined: the client is to say more (idle). */
  answer(command: ImapCommand): string | undefined {
    const { tag, name } = command
    try {
      if (this.#account?.isRevoked) return `${tag} NO [AUTHENTICATIONFAILED] The session was revoked`
      const said = this.#run(command)
      return said === undefined ? undefined : `${tag} ${said}`
    } catch (error) {
      if (error instanceof ImapSyntaxError) return `${tag} BAD ${name}: ${error.message}`
      throw error
    }
  }

  #run(command: ImapCommand): string | undefined {
    const { name, args } = command
    if (name === 'CAPABILITY') return this.#say(`CAPABILITY ${imapCapabilities}`)
    if (name === 'ID') return this.#say('ID ("name" "reeve stand-in")')
    if (name === 'NOOP' || name === 'CHECK') return this.#news()
    if (name === 'LOGIN') return this.#logIn(textOf(args[0]), textOf(args[1]))
    if (name === 'AUTHENTICATE') return this.#authenticate(args)
    if (!this.#account) return 'NO Log in first'
    const { store } = this.#account
    if (name === 'ENABLE' || name === 'SUBSCRIBE') return 'OK done'
    if (name === 'LIST' || name === 'LSUB') return this.#list(name, args)
    if (name === 'SELECT' || name === 'EXAMINE') return this.#open(command)
    if (name === 'STATUS') return this.#status(args)
    if (name === 'CREATE') {
      store.add(textOf(args[0]))
      return 'OK created'
    }
    if (name === 'APPEND') return this.#append(args)
    if (!this.#folder) return 'NO Open a folder first'
    if (name === 'IDLE') return this.#idle()
    if (name === 'CLOSE' || name === 'UNSELECT') {
      this.#folder = undefined
      return 'OK closed'
    }
    return this.#inFolder(command, this.#folder)
  }

  #inFolder({ name, isUid, args }: ImapCommand, folder: MailFolder): string {
    const chosen = () => chosenLetters(folder, textOf(args[0]), isUid)
    if (name === 'FETCH') {
      for (const [sequence, letter] of chosen())
        for (const part of fetchAnswer(letter, sequence, args[1]!, isUid)) this.#write(part)
      return 'OK fetched'
    }
    if (name === 'SEARCH') {
      const test = searchTest(args, folder)
      const found = folder.letters.flatMap((letter, index) =>
        test(letter, index + 1) ? [isUid ? letter.uid : index + 1] : [],
      )
      return this.#say(['SEARCH', ...found].join(' '))
    }
    if (this.#isReadOnly) return 'NO [READ-ONLY] The folder is open for reading'
    if (name === 'STORE') return this.#store(chosen(), args, isUid)
    if (name === 'EXPUNGE') {
      const asked = isUid ? new Set(chosen().map(([, { uid }]) => uid)) : undefined
      return this.#expunge(folder, ({ uid, flags }) => flags.has('\\Deleted') && (asked?.has(uid) ?? true))
    }
    if (name === 'COPY' || name === 'MOVE')
      return this.#copy(folder, chosen(), textOf(args[1]), name === 'MOVE')
    return `BAD no command ${name}`
  }

  #say(line: string): string {
    this.#write(`* ${line}\r\n`)
    return 'OK done'
  }

  #logIn(user: string, password: string): string {
    const account = this.#accounts.find(({ address }) => address === user)
    return this.#admit(account, account?.password === password)
  }

  #admit(account: MailAccount | undefined, isProved: boolean): string {
    if (!account || !isProved || account.isRevoked) return 'NO [AUTHENTICATIONFAILED] Invalid credentials'
    this.#account = account
    return `OK [CAPABILITY ${imapCapabilities}] in`
  }

  #authenticate([mechanism, response]: readonly ImapToken[]): string | undefined {
    if (response !== undefined) return this.#proved(textOf(mechanism), textOf(response))
    this.#write('+ \r\n')
    this.#expects = (line) => this.#proved(textOf(mechanism), line)
    return undefined
  }

  #proved(mechanism: string, response: string): string {
    if (mechanism.toUpperCase() === 'XOAUTH2') {
      const { user, token } = readBearer(response)
      const account = this.#accounts.find(({ address }) => address === user)
      return this.#admit(account, account?.token != null && account.token === token)
    }
    const [, user = '', password = ''] = fromBase64(response).split('\0')
    return this.#logIn(user, password)
  }

  #list(name: string, args: readonly ImapToken[]): string {
    const pattern = textOf(args[Array.isArray(args[0]) ? 2 : 1])
    if (pattern === '') this.#write('* LIST (\\Noselect) "/" ""\r\n')
    else
      for (const folder of this.#account!.store.folders) {
        const isWanted = pattern === '*' || pattern === '%' || pattern === folder.name
        const flags = ['\\HasNoChildren', ...(folder.specialUse ? [folder.specialUse] : [])].join(' ')
        if (isWanted) this.#write(`* ${name} (${flags}) "/" ${quoted(folder.name)}\r\n`)
      }
    return 'OK listed'
  }

  #open({ name, args }: ImapCommand): string {
    const folder = this.#account!.store.find(textOf(args[0]))
    if (!folder) return 'NO [NONEXISTENT] There is no such folder'
    this.#folder = folder
    this.#isReadOnly = name === 'EXAMINE'
    this.#told = folder.letters.length
    const lines = [
      'FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)',
      `${this.#told} EXISTS`,
      '0 RECENT',
      'OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft \\*)] flags',
      `OK [UIDVALIDITY ${folder.uidValidity}] UIDs valid`,
      `OK [UIDNEXT ${folder.uidNext}] the next UID`,
    ]
    for (const line of lines) this.#write(`* ${line}\r\n`)
    return `OK [${this.#isReadOnly ? 'READ-ONLY' : 'READ-WRITE'}] open`
  }

  #status([name, items]: readonly ImapToken[]): string {
    const folder = this.#account!.store.find(textOf(name))
    if (!folder) return 'NO [NONEXISTENT] There is no such folder'
    const { letters, uidNext, uidValidity } = folder
    const unseen = letters.filter(({ flags }) => !flags.has('\\Seen')).length
    const values: Record<string, number> = {
      MESSAGES: letters.length,
      UIDNEXT: uidNext,
      UIDVALIDITY: uidValidity,
      UNSEEN: unseen,
      RECENT: 0,
    }
    const asked = (Array.isArray(items) ? items : []).map((item) => textOf(item).toUpperCase())
    const told = asked.filter((item) => item in values).map((item) => `${item} ${values[item]}`)
    return this.#say(`STATUS ${quoted(folder.name)} (${told.join(' ')})`)
  }

  #append(args: readonly ImapToken[]): string {
    const folder = this.#account!.store.find(textOf(args[0]))
    if (!folder) return 'NO [TRYCREATE] There is no such folder'
    const raw = args.at(-1)
    if (!Buffer.isBuffer(raw)) throw new ImapSyntaxError('the letter is missing')
    const flags = args.slice(1, -1).find(Array.isArray)?.map(textOf)
    const { uid } = folder.add(raw, { at: this.#now(), flags: flags ?? [] })
    return `OK [APPENDUID ${folder.uidValidity} ${uid}] added`
  }

  #store(chosen: Chosen, [, how, given]: readonly ImapToken[], isUid: boolean): string {
    const [, sign, silent] = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(textOf(how)) ?? []
    if (sign === undefined) throw new ImapSyntaxError('no such way to change flags')
    const flags = (Array.isArray(given) ? given : [given]).map(textOf)
    for (const [sequence, letter] of chosen) {
      if (sign === '') letter.flags.clear()
      for (const flag of flags) sign === '-' ? letter.flags.delete(flag) : letter.flags.add(flag)
      const now = `FLAGS (${[...letter.flags].join(' ')})${isUid ? ` UID ${letter.uid}` : ''}`
      if (!silent) this.#write(`* ${sequence} FETCH (${now})\r\n`)
    }
    this.#folder?.flagged()
    return 'OK stored'
  }

  #copy(from: MailFolder, chosen: Chosen, target: string, isMove: boolean): string {
    const to = this.#account!.store.find(target)
    if (!to) return 'NO [TRYCREATE] There is no such folder'
    const made = chosen.map(([, { raw, at, flags }]) => to.add(raw, { at, flags }).uid)
    const gone = new Set(chosen.map(([, { uid }]) => uid))
    const copied = `[COPYUID ${to.uidValidity} ${[...gone].join(',')} ${made.join(',')}]`
    if (made.length === 0) return 'OK nothing to copy'
    if (!isMove) return `OK ${copied} copied`
    this.#write(`* OK ${copied} moved\r\n`)
    this.#expunge(from, ({ uid }) => gone.has(uid))
    return 'OK moved'
  }

  #expunge(folder: MailFolder, isGone: (letter: StoredLetter) => boolean): string {
    const places = folder.letters.flatMap((letter, index) => (isGone(letter) ? [index + 1] : []))
    // From the end, so that no number changes before it is said.
    for (const place of places.reverse()) this.#write(`* ${place} EXPUNGE\r\n`)
    folder.remove(new Set(folder.letters.filter(isGone).map(({ uid }) => uid)))
    this.#told = folder.letters.length
    return 'OK expunged'
  }

  #idle(): undefined {
    this.#write('+ idling\r\n')
    this.#stopIdle = this.#account!.store.listen(() => this.#news())
    this.#news()
    const untilDone = (line: string): string | undefined => {
      if (/^done$/i.test(line)) {
        this.end()
        return 'OK idled'
      }
      this.#expects = untilDone
      return undefined
    }
    this.#expects = untilDone
    return undefined
  }

  #news(): string {
    const there = this.#folder?.letters.length ?? 0
    if (this.#folder && there > this.#told) this.#write(`* ${there} EXISTS\r\n`)
    this.#told = Math.max(there, this.#told)
    return 'OK done'
  }
}
