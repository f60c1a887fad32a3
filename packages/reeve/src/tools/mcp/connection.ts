import { messageOf, ReeveError } from '../../base/errors.ts'
import { unlessAborted } from '../../base/time/abort.ts'
import { type Backoff, backoffMs } from '../../base/time/backoff.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import {
  limitsOf,
  type McpConnectionServices,
  type McpServerDefinition,
  type OpenedDefinition,
  openDefinition,
  secretsOfServer,
} from './definition/server-definition.ts'
import { notAsked } from './faults.ts'
import { LiveConnection } from './live-connection.ts'
import { loadClientSdk } from './sdk.ts'

/** How the way to a server stands in this process. */
export interface McpStanding {
  /** `unused`: nothing was asked of it yet, or it ended while nobody asked; `lost`: it was, and nobody needed it since. */
  state: 'unused' | 'up' | 'lost' | 'closed'
  /** Losses within ten minutes. */
  losses: number
  /** The last thing that could not be asked, in words; null: nothing, or it worked since. Foreign text. */
  problem: { at: number; message: string } | null
}

const windowMs = 600_000
const restartPace: Backoff = { firstMs: 250, factor: 2, longestMs: 5000 }

/**
 * The way to one server, over all its connections:
 *
 *   down → opening → up → down …    lost: the next who needs it opens it again, after a pause that doubles
 *   any → closed                    by `close`, for good
 *
 * More than `restarts` losses within ten minutes and it stays down until the first of them is ten minutes past. A session
 * that expired and a process that ended while nobody asked it are no losses. A connection that was made with a secret which
 * has another value since is asked no more, and ends when it owes no answer.
 */
export class Connection {
  readonly #definition: McpServerDefinition
  readonly #edges: McpConnectionServices
  #live: LiveConnection | undefined
  #opening: Promise<LiveConnection> | undefined
  /** What the live connection was made with. */
  #opened: OpenedDefinition | undefined
  #losses: number[] = []
  #closed = false
  #problem: McpStanding['problem'] = null
  readonly #closing = new Set<Promise<void>>()

  constructor(definition: McpServerDefinition, edges: McpConnectionServices) {
    this.#definition = definition
    this.#edges = edges
  }

  get standing(): McpStanding {
    const now = this.#edges.clock.now()
    const losses = this.#losses.filter((at) => at > now - windowMs).length
    const isUp = this.#live !== undefined && !this.#live.lost
    const state = this.#closed ? 'closed' : isUp ? 'up' : losses > 0 ? 'lost' : 'unused'
    return { state, losses, problem: this.#problem }
  }

  /** A connection that is up. Everything it throws is `NotApplied`: nothing was asked yet. */
  async up(signal?: AbortSignal): Promise<LiveConnection> {
    if (this.#live && !this.#live.lost) {
      if (await this.#isCurrent()) return this.#live
      this.#live?.retire()
      this.#live = undefined
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return signal ? unlessAborted(this.#opening, signal) : this.#opening
  }

  /** Asks by `use`, and once more on a new connection when a working one was lost before anything was asked of a tool. */
  async ask<T>(use: (live: LiveConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const live = await this.up(signal)
    try {
      return await use(live)
    } catch (error) {
      const isWorth = error instanceof NotApplied && live.lost && live.hadServed
      if (!isWorth || signal?.aborted) throw error
    }
    return use(await this.up(signal))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => {})
    await this.#live?.close()
    await Promise.all(this.#closing)
  }

  async #isCurrent(): Promise<boolean> {
    if (secretsOfServer(this.#definition).length === 0) return true
    const now = await this.#definitionNow()
    return JSON.stringify(now) === JSON.stringify(this.#opened)
  }

  /** @throws `NotApplied` */
  async #definitionNow(): Promise<OpenedDefinition> {
    try {
      return await openDefinition(this.#definition, this.#edges.reveal)
    } catch (error) {
      if (error instanceof ReeveError) throw notAsked(error.code, error.message)
      throw error
    }
  }

  async #open(): Promise<LiveConnection> {
    const { name } = this.#definition
    await this.#pause()
    if (this.#closed) throw notAsked('mcp-closed', `MCP server "${name}" was closed by this process.`)
    const limits = limitsOf(this.#definition)
    const definition = await this.#definitionNow()
    try {
      const sdk = await loadClientSdk()
      const live = await LiveConnection.open(sdk, definition, limits, this.#edges, (lost) =>
        this.#onLost(lost),
      )
      this.#live = live
      this.#opened = definition
      this.#problem = null
      return live
    } catch (error) {
      this.#losses.push(this.#edges.clock.now())
      this.#problem = { at: this.#edges.clock.now(), message: messageOf(error) }
      const isOurs = error instanceof ReeveError
      throw notAsked(isOurs ? error.code : 'mcp-not-started', messageOf(error), {
        retryable: !(isOurs && error.code === 'missing-package'),
      })
    }
  }

  #onLost(live: LiveConnection): void {
    if (this.#live !== live) return
    this.#live = undefined
    if (this.#closed) return
    if (!live.endedWell) this.#losses.push(this.#edges.clock.now())
    const closing = live.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** @throws `NotApplied` when it was lost too often */
  async #pause(): Promise<void> {
    const { clock } = this.#edges
    const { restarts } = limitsOf(this.#definition)
    this.#losses = this.#losses.filter((at) => at > clock.now() - windowMs)
    if (this.#losses.length === 0) return
    if (this.#losses.length > restarts) {
      const until = new Date(this.#losses.at(-restarts - 1)! + windowMs).toISOString()
      const { name } = this.#definition
      const message = `MCP server "${name}" was lost ${this.#losses.length} times within ten minutes; it is not started again before ${until}.`
      throw notAsked('mcp-server-unstable', message)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.after(backoffMs(restartPace, this.#losses.length), resolve, 'pause')
    await promise
  }
}
