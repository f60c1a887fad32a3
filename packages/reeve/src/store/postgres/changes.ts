import type { Client } from 'pg'
import type { Clock } from '../../base/time/time.ts'
import { type Announcement, Announcements, type Change } from '../database.ts'

const channel = 'reeve'
/** Always looked this often: a notification can be lost with its connection. */
const safetyPollMs = 2000
/** Looked this often where notifications do not come through. */
const pollMs = 250
/** Between two calls back, however many notifications come. */
const quietMs = 10
const probeWithinMs = 1000

/**
 * Hears of what other processes changed.
 *
 *   silent → connecting → listening (notifications, and a slow poll) ⇄ connecting after a loss
 *                       ↘ polling (a pooler swallows notifications: a fast poll)
 *
 * Whether notifications come through is tried, not guessed: one is sent through another connection, and it must arrive.
 * While there is no working listener, it polls fast.
 */
export class PostgresChanges {
  readonly #clock: Clock
  /** Opens a connection of its own for listening. */
  readonly #connect: () => Promise<Client>
  /** Sends a statement over any other connection. */
  readonly #send: (sql: string, parameters: string[]) => Promise<unknown>
  readonly #callbacks = new Set<(change: Change) => void>()
  #listener: Client | undefined
  #opening: Promise<void> | undefined
  #asked: Promise<unknown> = Promise.resolve()
  #checking = false
  #state: 'silent' | 'connecting' | 'listening' | 'polling' = 'silent'
  readonly #announced = new Announcements()
  #announcing = false
  #called = Number.NEGATIVE_INFINITY
  #callLater: (() => void) | undefined
  /** What the next call back is about. */
  readonly #heard = new Announcements()
  #cancelPoll = () => {}
  #closed = false

  constructor(options: {
    clock: Clock
    connect: () => Promise<Client>
    send: (sql: string, parameters: string[]) => Promise<unknown>
  }) {
    this.#clock = options.clock
    this.#connect = options.connect
    this.#send = options.send
  }

  get state(): 'silent' | 'connecting' | 'listening' | 'polling' {
    return this.#state
  }

  subscribe(callback: (change: Change) => void): () => void {
    this.#callbacks.add(callback)
    if (this.#state === 'silent') {
      this.#state = 'connecting'
      this.#attempt()
      this.#pollLater()
    }
    return () => this.#callbacks.delete(callback)
  }

  /** Resolves once it is settled whether notifications come through. */
  async ready(): Promise<void> {
    await this.#opening
  }

  /** Tells the other processes; many announcements at one moment make one notification. */
  announce(change: Announcement): void {
    this.#announced.add(change)
    if (!this.#announcing) void this.#announceAll()
  }

  async #announceAll(): Promise<void> {
    this.#announcing = true
    for (let all = this.#announced.take(); all.length > 0; all = this.#announced.take()) {
      for (const change of all) {
        if (this.#closed) break
        try {
          // Over the listening connection, so that this process can tell its own notifications from others'.
          if (this.#listener) await this.#ask(this.#listener, `notify ${channel}, '${change}'`)
          else await this.#send('select pg_notify($1, $2)', [channel, change])
        } catch {
          // The others look by themselves before long.
        }
      }
    }
    this.#announcing = false
  }

  /** One statement at a time: the driver takes no second one before the first is answered. */
  #ask(listener: Client, sql: string): Promise<unknown> {
    const answer = this.#asked.then(() => listener.query(sql))
    this.#asked = answer.catch(() => undefined)
    return answer
  }

  #attempt(): void {
    this.#opening ??= this.#listen()
      .catch(() => {})
      .finally(() => {
        this.#opening = undefined
      })
  }

  async #listen(): Promise<void> {
    const listener = await this.#connect()
    const probe = Promise.withResolvers<boolean>()
    const token = crypto.randomUUID()
    const own = (listener as unknown as { processID: number }).processID
    listener.on('error', () => this.#lost(listener))
    listener.on('end', () => this.#lost(listener))
    listener.on('notification', (message) => {
      if (message.payload === token) probe.resolve(true)
      else if (message.processId !== own && isAnnouncement(message.payload))
        this.#notice(message.payload || 'any')
    })
    try {
      await listener.query(`listen ${channel}`)
      await this.#send('select pg_notify($1, $2)', [channel, token])
      const giveUp = setTimeout(() => probe.resolve(false), probeWithinMs)
      const heard = await probe.promise
      clearTimeout(giveUp)
      if (heard && !this.#closed) {
        this.#listener = listener
        this.#asked = Promise.resolve()
        this.#state = 'listening'
        this.#notice('any')
        return
      }
      this.#state = 'polling'
    } catch (error) {
      void listener.end().catch(() => {})
      throw error
    }
    await listener.end().catch(() => {})
  }

  #lost(listener: Client): void {
    if (this.#listener !== listener) return
    this.#listener = undefined
    this.#state = 'connecting'
    if (this.#closed) return
    void listener.end().catch(() => {})
    this.#cancelPoll()
    this.#pollLater()
  }

  #notice(change: Announcement): void {
    this.#heard.add(change)
    if (this.#callLater || this.#closed) return
    const wait = this.#called + quietMs - this.#clock.now()
    if (wait <= 0) this.#call()
    else {
      this.#callLater = this.#clock.after(Math.min(wait, quietMs), () => {
        this.#callLater = undefined
        this.#call()
      })
    }
  }

  #call(): void {
    this.#called = this.#clock.now()
    for (const change of this.#heard.take()) this.#tell(change)
  }

  #tell(change: Change): void {
    for (const callback of [...this.#callbacks]) callback(change)
  }

  #pollLater(): void {
    const delay = this.#state === 'listening' ? safetyPollMs : pollMs
    this.#cancelPoll = this.#clock.after(delay, () => {
      if (this.#closed) return
      this.#call()
      this.#tell('unannounced')
      if (this.#state === 'connecting') this.#attempt()
      else if (this.#listener) void this.#checkListener(this.#listener)
      this.#pollLater()
    })
  }

  /** A connection whose other end is gone can stay open for a long time: only a question tells. */
  async #checkListener(listener: Client): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    try {
      await this.#ask(listener, 'select 1')
    } catch {
      this.#lost(listener)
    }
    this.#checking = false
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelPoll()
    this.#callLater?.()
    await this.#opening
    await this.#listener?.end().catch(() => {})
  }
}

const announcements: readonly unknown[] = ['work', 'end', 'any', 'authority'] satisfies Announcement[]

/** The empty one is of an earlier version. */
function isAnnouncement(payload: string | undefined): payload is Announcement | '' {
  return payload === '' || announcements.includes(payload)
}
