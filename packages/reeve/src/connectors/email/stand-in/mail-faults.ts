import type { Socket } from 'node:net'

/**
 * `drop`: the connection ends before the deed. `drop-after`: behind it, its answer lost. `refuse`: a temporary no. `deny`: the account
 * is not let in.
 */
export type MailFault = 'drop' | 'drop-after' | 'refuse' | 'deny'

/** Asks the switches that all stand-ins have about a command, such as `SMTP DATA`. */
export type CommonFaults = (command: string) => MailFault | undefined

/** What goes wrong next, as a test wants it. */
export class MailFaults {
  readonly #common: CommonFaults
  readonly #imap = new Map<string, MailFault[]>()
  readonly #smtp = new Map<string, MailFault[]>()
  readonly #open = new Set<Socket>()
  /** No connection is taken. */
  isDown = false

  constructor(common: CommonFaults) {
    this.#common = common
  }

  /** The next uses of an IMAP command (`APPEND`, `FETCH`) go wrong so, one after the other. */
  onImap(command: string, ...faults: MailFault[]): void {
    this.#imap.set(command, [...(this.#imap.get(command) ?? []), ...faults])
  }

  /** The next uses of an SMTP command (`MAIL`, `RCPT`, `DATA`; `.` is the end of the letter). */
  onSmtp(command: string, ...faults: MailFault[]): void {
    this.#smtp.set(command, [...(this.#smtp.get(command) ?? []), ...faults])
  }

  ofImap(command: string): MailFault | undefined {
    return this.#imap.get(command)?.shift() ?? this.#common(`IMAP ${command}`)
  }

  ofSmtp(command: string): MailFault | undefined {
    return this.#smtp.get(command)?.shift() ?? this.#common(`SMTP ${command === '.' ? 'END' : command}`)
  }

  opened(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
  }

  /** Ends all connections, as a restart of the server does. */
  dropAll(): void {
    for (const socket of this.#open) socket.destroy()
  }
}
