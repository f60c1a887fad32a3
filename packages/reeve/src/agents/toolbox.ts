import { ReeveError } from '../base/errors.ts'
import { nameAdvice } from '../base/text/nearest-name.ts'
import type { Tool } from '../tools/tool.ts'
import { uniqueTools } from '../tools/unique-tools.ts'
import type { AnyAgent } from './agent.ts'

/** The tools of a project, by name, and its agents with the tools that they name. */
export class Toolbox {
  readonly #tools: ReadonlyMap<string, Tool>
  /** What is known of tools that are not here, for whoever asks for one. */
  readonly #absent: (name: string) => string | undefined
  readonly #equipped = new WeakMap<AnyAgent, AnyAgent>()

  /** @throws `duplicate-tool` when two could be taken for one another */
  constructor(tools: readonly Tool[] = [], absent: (name: string) => string | undefined = () => undefined) {
    this.#tools = new Map(uniqueTools(tools).map((each) => [each.name, each]))
    this.#absent = absent
  }

  names(): string[] {
    return [...this.#tools.keys()]
  }

  all(): Tool[] {
    return [...this.#tools.values()]
  }

  /** Whether something is known of why there is no such tool here. */
  isAbsent(name: string): boolean {
    return this.#absent(name) !== undefined
  }

  /** Undefined: the project has no such tool. */
  find(name: string): Tool | undefined {
    return this.#tools.get(name)
  }

  /** @throws `unknown-tool` */
  tool(name: string): Tool {
    const known = this.#tools.get(name)
    if (known) return known
    const absent = this.#absent(name)
    const why = absent === undefined ? `. ${nameAdvice(name, this.names())}` : `; ${absent}.`
    throw new ReeveError('unknown-tool', `The project has no tool "${name}"${why}`, { details: { name } })
  }

  /** The agent, with the tools that it names in the place of their names. @throws `unknown-tool` `bad-agent` */
  equip(agent: AnyAgent): AnyAgent {
    if (agent.toolNames.length === 0) return agent
    let equipped = this.#equipped.get(agent)
    if (!equipped) {
      equipped = agent.equip((name) => this.tool(name))
      this.#equipped.set(agent, equipped)
    }
    return equipped
  }
}
