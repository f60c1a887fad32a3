import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage, MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js'
import { ReeveError } from '../../../base/errors.ts'
import type { Secrets } from '../../../base/secrets/secrets.ts'
import { visibleBrief } from '../../../base/text/visible-text.ts'
import { floodFault, protocolFault } from '../faults.ts'

/** Notifications and requests of the server's own that are taken between two messages of ours. */
const mostUnasked = 10_000
const deepest = 64

/** In an error's `data`: the server answered with it. The SDK's own errors have the same codes and other data. */
export class Answered {
  readonly kind = 'answered'
}

/**
 * Stands between a transport and the SDK and believes nothing: an answer to what was never asked, a second answer, a
 * message that is none, or a flood ends the connection, with the reason in `fault`. Late answers to what was cancelled
 * are passed over. Secrets that the server was given are taken out of all that it says.
 */
export class GuardedTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void
  /** Why the connection was ended from this side. */
  fault: ReeveError | undefined
  /** The last thing that went wrong without ending the connection. */
  lastTrouble: string | undefined
  readonly #inner: Transport
  readonly #server: string
  readonly #secrets: Secrets
  readonly #pending = new Set<number>()
  readonly #cancelled = new Set<number>()
  #unasked = 0

  constructor(server: string, inner: Transport, secrets: Secrets) {
    this.#server = server
    this.#inner = inner
    this.#secrets = secrets
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version)
  }

  async start(): Promise<void> {
    this.#inner.onclose = () => this.onclose?.()
    this.#inner.onerror = (error) => this.#hearError(error)
    this.#inner.onmessage = (message, extra) => this.#hear(message, extra)
    await this.#inner.start()
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    this.#unasked = 0
    if ('method' in message && 'id' in message) this.#pending.add(message.id as number)
    else if ('method' in message && message.method === 'notifications/cancelled') {
      const id = message.params?.requestId as number
      if (this.#pending.delete(id)) this.#cancelled.add(id)
    }
    await this.#inner.send(message, options)
  }

  async close(): Promise<void> {
    await this.#inner.close()
  }

  /** Ends the connection for a reason of this side. */
  refuse(fault: ReeveError): void {
    if (this.fault) return
    this.fault = fault
    this.onerror?.(fault)
    this.drop()
  }

  /** Ends the connection at once; what it takes to end it goes on behind. */
  drop(): void {
    this.#inner.close().catch(() => {})
    this.onclose?.()
  }

  #hear(message: JSONRPCMessage, extra?: MessageExtraInfo): void {
    if (this.fault) return
    const fault = this.#faultIn(message)
    if (fault) this.refuse(fault)
    else if ('method' in message || !this.#cancelled.delete(message.id as number)) {
      const said = this.#secrets.redactData(message)
      if ('error' in said) said.error.data = new Answered()
      this.onmessage?.(said, extra)
    }
  }

  #faultIn(message: JSONRPCMessage): ReeveError | undefined {
    if (isDeep(message)) return protocolFault(this.#server, 'it sent a message nested too deep')
    if ('method' in message) {
      if (++this.#unasked <= mostUnasked) return
      return floodFault(this.#server, `more than ${mostUnasked} messages that nobody asked for`)
    }
    const id = message.id as number
    if (this.#cancelled.has(id) || this.#pending.delete(id)) return
    const shown = visibleBrief(JSON.stringify(id) ?? 'nothing', 60)
    return protocolFault(this.#server, `it answered what it was not asked (id ${shown})`)
  }

  #hearError(error: Error): void {
    if (error instanceof ReeveError && error.code.startsWith('mcp-')) this.refuse(error)
    else if (error instanceof SyntaxError || /ZodError$/.test(error.name)) {
      this.refuse(protocolFault(this.#server, 'it sent something that is not a JSON-RPC message'))
    } else {
      this.lastTrouble = visibleBrief(this.#secrets.redact(error.message), 200)
      this.onerror?.(error)
    }
  }
}

function isDeep(message: object): boolean {
  let level: unknown[] = [message]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null
        ? Object.values(value).filter((inner) => typeof inner === 'object' && inner !== null)
        : [],
    )
  }
  return false
}
