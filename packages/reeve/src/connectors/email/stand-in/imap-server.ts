import { createServer, type Server, type Socket } from 'node:net'
import { ImapSession, imapCapabilities } from './imap-session.ts'
import { ImapSyntaxError, readCommand } from './imap-syntax.ts'
import type { MailAccount } from './mail-account.ts'
import type { MailFaults } from './mail-faults.ts'

const mostLine = 64 * 1024
const mostLiteral = 64 * 1024 * 1024

/** The IMAP half of the stand-in: what clients use of RFC 3501, with UIDPLUS, MOVE, IDLE and SPECIAL-USE. */
export function imapServer(accounts: readonly MailAccount[], now: () => number, faults: MailFaults): Server {
  return createServer((socket) => {
    socket.on('error', () => socket.destroy())
    if (faults.isDown) {
      socket.destroy()
      return
    }
    faults.opened(socket)
    socket.setNoDelay()
    new Connection(socket, accounts, now, faults)
  })
}

/**
 * Reads commands of one connection:
 *
 *   line → (a literal is announced → its bytes → line)* → command
 */
class Connection {
  readonly #socket: Socket
  readonly #session: ImapSession
  readonly #faults: MailFaults
  #chunks: Buffer[] = []
  #buffered = 0
  /** Bytes of the literal that is under way. */
  #wanted: number | undefined
  #lines: string[] = []
  #literals: Buffer[] = []
  /** Of the command that more lines belong to. */
  #tag = ''

  constructor(socket: Socket, accounts: readonly MailAccount[], now: () => number, faults: MailFaults) {
    this.#socket = socket
    this.#faults = faults
    this.#session = new ImapSession(accounts, now, (part) => void socket.write(part))
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('close', () => this.#session.end())
    socket.write(`* OK [CAPABILITY ${imapCapabilities}] stand-in ready\r\n`)
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    while (this.#step()) {}
  }

  /** Whether there may be more in what came. */
  #step(): boolean {
    if (this.#wanted !== undefined) {
      if (this.#buffered < this.#wanted) return false
      this.#literals.push(this.#cut(this.#wanted))
      this.#wanted = undefined
      return true
    }
    const all = this.#joined()
    const end = all.indexOf('\n')
    if (end < 0) {
      if (all.length > mostLine) this.#socket.destroy()
      return false
    }
    const line = this.#cut(end + 1)
      .toString('utf8')
      .replace(/\r?\n$/, '')
    this.#line(line)
    return true
  }

  #line(line: string): void {
    if (this.#session.isExpecting) {
      const end = this.#session.take(line)
      if (end !== undefined) this.#socket.write(`${this.#tag} ${end}\r\n`)
      return
    }
    this.#lines.push(line)
    const [, bytes, isAtOnce] = /\{(\d+)(\+)?\}$/.exec(line) ?? []
    if (bytes === undefined) {
      this.#command()
      return
    }
    this.#wanted = Number(bytes)
    if (this.#wanted > mostLiteral) this.#socket.destroy()
    else if (!isAtOnce) this.#socket.write('+ go on\r\n')
  }

  #command(): void {
    const [lines, literals] = [this.#lines, this.#literals]
    this.#lines = []
    this.#literals = []
    let command: ReturnType<typeof readCommand>
    try {
      command = readCommand(lines, literals)
    } catch (error) {
      if (!(error instanceof ImapSyntaxError)) throw error
      this.#socket.write(`* BAD ${error.message}\r\n`)
      return
    }
    if (command.name === 'LOGOUT') {
      this.#socket.end(`* BYE bye\r\n${command.tag} OK out\r\n`)
      return
    }
    const fault = this.#faults.ofImap(command.name)
    if (fault === 'drop') {
      this.#socket.destroy()
      return
    }
    if (fault === 'refuse') {
      this.#socket.write(`${command.tag} NO [UNAVAILABLE] The server is busy\r\n`)
      return
    }
    if (fault === 'deny') {
      this.#socket.write(`${command.tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n`)
      return
    }
    const end = this.#session.answer(command)
    // The deed is done, and its answer lost.
    if (fault === 'drop-after') this.#socket.destroy()
    else if (end === undefined) this.#tag = command.tag
    else this.#socket.write(`${end}\r\n`)
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  #cut(bytes: number): Buffer {
    const all = this.#joined()
    this.#chunks = [all.subarray(bytes)]
    this.#buffered -= bytes
    return all.subarray(0, bytes)
  }
}
