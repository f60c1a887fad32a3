import { messageOf, ReeveError } from '../../base/errors.ts'
import { unlessAborted } from '../../base/time/abort.ts'
import { type Backoff, backoffMs } from '../../base/time/backoff.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import {
  limitsOf,
  type McpConnectionServices,
  type McpServerDefinition,
} from './definition/server-definition.ts'
import { notAsked } from './faults.ts'
import { LiveConnection } from './live-connection.ts'
import { loadClientSdk } from './sdk.ts'

const windowMs = 600_000
const restartPace: Backoff = { firstMs: 250, factor: 2, longestMs: 5000 }

/**
 * The way to one server, over all its connections:
 *
 *   down → opening → up → down …    lost: the next who needs it opens it again, after a pause that doubles
 *   any → closed                    by `close`, for good
 *
 * More than `restarts` losses within ten minutes and it stays down until the first of them is ten minutes past. A session
 * that expired and a process that ended while nobody asked it are no losses.
 */
export class Connection {
  readonly #definition: McpServerDefinition
  readonly #edges: McpConnectionServices
  #live: LiveConnection | undefined
  #opening: Promise<LiveConnection> | undefined
  #losses: number[] = []
  #closed = false
  readonly #closing = new Set<Promise<void>>()

  constructor(definition: McpServerDefinition, edges: McpConnectionServices) {
    this.#definition = definition
    this.#edges = edges
  }

  /** A connection that is up. Everything it throws is `NotApplied`: nothing was asked yet. */
  async up(signal?: AbortSignal): Promise<LiveConnection> {
    if (this.#live && !this.#live.lost) return this.#live
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

  async #open(): Promise<LiveConnection> {
    const { name } = this.#definition
    await this.#pause()
    if (this.#closed) throw notAsked('mcp-closed', `MCP server "${name}" was closed by this process.`)
    const limits = limitsOf(this.#definition)
    try {
      const sdk = await loadClientSdk()
      const live = await LiveConnection.open(sdk, this.#definition, limits, this.#edges, (lost) =>
        this.#onLost(lost),
      )
      this.#live = live
      return live
    } catch (error) {
      this.#losses.push(this.#edges.clock.now())
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
    clock.after(backoffMs(restartPace, this.#losses.length), resolve)
    await promise
  }
}
