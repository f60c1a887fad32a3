import { createServer, type Server, type Socket } from 'node:net'
import { fromBase64, type MailAccount, readBearer } from './mail-account.ts'
import type { MailFaults } from './mail-faults.ts'

/** A letter that was handed in. */
export interface HandedIn {
  /** The account that it came from. */
  by: MailAccount
  from: string
  to: readonly string[]
  raw: Buffer
}

export interface SmtpServerOptions {
  accounts: readonly MailAccount[]
  faults: MailFaults
  maxBytes: number
  /** Whether there is anybody of that address; where not, it is refused at once. */
  isKnown(address: string): boolean
  take(letter: HandedIn): void
}

const mostLine = 4096

/** The SMTP half of the stand-in (RFC 5321 with AUTH, SIZE and 8BITMIME). It hands letters to `take`, and to nobody else. */
export function smtpServer(options: SmtpServerOptions): Server {
  return createServer((socket) => {
    socket.on('error', () => socket.destroy())
    if (options.faults.isDown) {
      socket.destroy()
      return
    }
    options.faults.opened(socket)
    socket.setNoDelay()
    new Dialogue(socket, options)
  })
}

/**
 * One dialogue:
 *
 *   greeted → authenticated → sender → recipients → letter → sender …
 */
class Dialogue {
  readonly #socket: Socket
  readonly #options: SmtpServerOptions
  #text: Buffer = Buffer.alloc(0)
  #letter: Buffer[] | undefined
  #account: MailAccount | undefined
  /** What the next line is for, where it is no command. */
  #expects: ((line: string) => string | undefined) | undefined
  #from = ''
  #to: string[] = []

  constructor(socket: Socket, options: SmtpServerOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('data', (chunk) => this.#take(chunk))
    socket.write('220 stand-in ESMTP\r\n')
  }

  #take(chunk: Buffer): void {
    this.#text = Buffer.concat([this.#text, chunk])
    while (this.#letter ? this.#takeLetter() : this.#takeLine()) {}
  }

  #answer(said: string | undefined): void {
    if (said === undefined) this.#socket.destroy()
    else if (said.startsWith('221')) this.#socket.end(`${said}\r\n`)
    else this.#socket.write(`${said}\r\n`)
  }

  /** Whether there may be more in what came. */
  #takeLine(): boolean {
    const end = this.#text.indexOf('\n')
    if (end < 0) {
      if (this.#text.length > mostLine) this.#socket.destroy()
      return false
    }
    const line = this.#text.subarray(0, end).toString('utf8').replace(/\r$/, '')
    this.#text = this.#text.subarray(end + 1)
    const expects = this.#expects
    this.#expects = undefined
    this.#answer(expects ? expects(line) : this.#command(line))
    return true
  }

  /** What is said to a command; undefined: the connection ends. */
  #command(line: string): string | undefined {
    const [verb = '', ...words] = line.split(' ')
    const name = verb.toUpperCase()
    const fault = this.#options.faults.ofSmtp(name)
    if (fault === 'drop') return undefined
    if (fault === 'refuse') return '451 4.3.0 Try again later'
    if (fault === 'deny') return '535 5.7.8 Authentication credentials invalid'
    if (name === 'EHLO') {
      const { maxBytes } = this.#options
      return ['250-stand-in', '250-AUTH PLAIN LOGIN XOAUTH2', '250-8BITMIME', `250 SIZE ${maxBytes}`].join(
        '\r\n',
      )
    }
    if (name === 'HELO' || name === 'NOOP') return '250 2.0.0 OK'
    if (name === 'RSET') {
      this.#forget()
      return '250 2.0.0 OK'
    }
    if (name === 'QUIT') return '221 2.0.0 Bye'
    if (name === 'AUTH') return this.#authenticate(words)
    if (!this.#account) return '530 5.7.0 Authentication required'
    if (this.#account.isRevoked) return '535 5.7.8 The session was revoked'
    if (name === 'MAIL') return this.#sender(words.join(' '))
    if (name === 'RCPT') return this.#recipient(words.join(' '))
    if (name !== 'DATA') return '502 5.5.2 No such command'
    if (this.#to.length === 0) return '503 5.5.1 No recipient was named'
    this.#letter = []
    return '354 Go on; end with a dot alone on its line'
  }

  #authenticate([mechanism = '', response]: readonly string[]): string {
    const kind = mechanism.toUpperCase()
    if (kind === 'LOGIN') {
      this.#expects = (user) => {
        this.#expects = (password) => this.#logIn(fromBase64(user), fromBase64(password))
        return '334 UGFzc3dvcmQ6'
      }
      return '334 VXNlcm5hbWU6'
    }
    const read = (text: string) => {
      if (kind === 'XOAUTH2') {
        const { user, token } = readBearer(text)
        return this.#admit(user, (account) => account.token !== null && account.token === token)
      }
      const [, user = '', password = ''] = fromBase64(text).split('\0')
      return this.#logIn(user, password)
    }
    if (response !== undefined) return read(response)
    this.#expects = read
    return '334 '
  }

  #logIn(user: string, password: string): string {
    return this.#admit(user, (account) => account.password === password)
  }

  #admit(user: string, isProved: (account: MailAccount) => boolean): string {
    const account = this.#options.accounts.find(({ address }) => address === user)
    if (!account || account.isRevoked || !isProved(account))
      return '535 5.7.8 Authentication credentials invalid'
    this.#account = account
    return '235 2.7.0 Accepted'
  }

  #sender(text: string): string {
    const size = Number(/ SIZE=(\d+)/i.exec(text)?.[1] ?? 0)
    if (size > this.#options.maxBytes) return '552 5.3.4 The letter is larger than is taken here'
    this.#forget()
    this.#from = addressIn(text)
    return '250 2.1.0 OK'
  }

  #recipient(text: string): string {
    const address = addressIn(text)
    if (!this.#options.isKnown(address)) return '550 5.1.1 There is no such mailbox'
    this.#to.push(address)
    return '250 2.1.5 OK'
  }

  /** Whether the letter is whole. */
  #takeLetter(): boolean {
    const end = this.#text.indexOf('\r\n.\r\n')
    const isEmpty = this.#letter!.length === 0 && this.#text.subarray(0, 3).toString() === '.\r\n'
    if (end < 0 && !isEmpty) {
      // What may be the beginning of the end stays.
      const safe = Math.max(0, this.#text.length - 4)
      if (safe > 0) this.#letter!.push(this.#text.subarray(0, safe))
      this.#text = this.#text.subarray(safe)
      return false
    }
    this.#letter!.push(this.#text.subarray(0, isEmpty ? 0 : end + 2))
    this.#text = this.#text.subarray(isEmpty ? 3 : end + 5)
    const raw = withoutDots(Buffer.concat(this.#letter!))
    this.#letter = undefined
    this.#answer(this.#handIn(raw))
    return true
  }

  #handIn(raw: Buffer): string | undefined {
    const { faults, maxBytes, take } = this.#options
    const fault = faults.ofSmtp('.')
    if (fault === 'drop') return undefined
    if (fault === 'refuse') return '451 4.3.0 Try again later'
    if (raw.length > maxBytes) return '552 5.3.4 The letter is larger than is taken here'
    take({ by: this.#account!, from: this.#from, to: this.#to, raw })
    this.#forget()
    // The deed is done, and its answer lost.
    return fault === 'drop-after' ? undefined : '250 2.0.0 Taken'
  }

  #forget(): void {
    this.#from = ''
    this.#to = []
  }
}

/** A line that began with a dot came with two. */
function withoutDots(letter: Buffer): Buffer {
  return Buffer.from(letter.toString('latin1').replaceAll(/(^|\n)\.\./g, '$1.'), 'latin1')
}

function addressIn(text: string): string {
  return /<([^<>]*)>/.exec(text)?.[1] ?? ''
}
