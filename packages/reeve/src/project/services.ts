import { messageOf, ReeveError } from '../base/errors.ts'
import type { Clock } from '../base/time/time.ts'
import { within } from '../engine/worker/release-runs.ts'
import type { McpServer } from '../tools/mcp/outside-server.ts'
import type { ProjectConfig, Service } from './config.ts'

/** Services and MCP servers that do not close hold nothing up longer than this. */
const closeWithinMs = 5_000

/** What must be up while a project's runs are driven: its services, and the MCP servers that its runs begin to use. */
export class ProjectServices {
  readonly #config: ProjectConfig
  readonly #mcpServers: readonly McpServer[]
  readonly #clock: Clock
  #running: Service[] = []

  constructor(config: ProjectConfig, mcpServers: readonly McpServer[], clock: Clock) {
    this.#config = config
    this.#mcpServers = mcpServers
    this.#clock = clock
  }

  /** @throws `service-failed` */
  async begin(): Promise<void> {
    try {
      this.#running = (await this.#config.services?.()) ?? []
    } catch (cause) {
      if (cause instanceof ReeveError) throw cause
      const why = `The services of reeve.config.ts did not start: ${messageOf(cause)}`
      throw new ReeveError('service-failed', why, { cause })
    }
  }

  async end(): Promise<void> {
    const closing = [...this.#mcpServers, ...this.#running].map(async (one) => one.close())
    await within(this.#clock, closeWithinMs, Promise.allSettled(closing))
  }
}
