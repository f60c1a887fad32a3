import type { CallSite } from '../../engine/call-site.ts'
import type { LineEventType, NewEvent } from '../../store/journal/events.ts'
import type { AnyAgent } from '../agent.ts'
import type { AgentEvent, AgentListener } from '../agent-events.ts'
import type { Allowance } from './allowance.ts'

/** What a loop says of itself: notes in its run's journal, and events to whoever watches. */
export class AgentVoice {
  /** Whether anything was asked in this process: what came before was a replay, and nobody watches that. */
  isLive = false
  readonly #site: CallSite
  readonly #listener: AgentListener | undefined
  readonly #agent: AnyAgent
  readonly #allowance: Allowance

  constructor(
    { site, listener }: { site: CallSite; listener?: AgentListener | undefined },
    agent: AnyAgent,
    allowance: Allowance,
  ) {
    this.#site = site
    this.#listener = listener
    this.#agent = agent
    this.#allowance = allowance
  }

  /** What every note says; `words` go on from the agent's name. */
  about(
    words: string,
  ): { message: string; agent: string; role: string; owner: string } & Allowance['figures'] {
    const { name, role, owner } = this.#agent
    return { message: `agent "${name}"${words}`, agent: name, role, owner, ...this.#allowance.figures }
  }

  note(event: NewEvent<LineEventType>): void {
    this.#site.log(event)
  }

  tell(event: DistributiveOmit<AgentEvent, 'run' | 'agent' | 'turn'>): void {
    if (!this.#listener || !this.isLive) return
    const whole = {
      run: this.#site.run.id,
      agent: this.#agent.name,
      turn: this.#allowance.turns,
      ...event,
    } as AgentEvent
    try {
      this.#listener(whole)
    } catch (error) {
      this.#site.services.log.warn('a listener to agents threw', { error: String(error) })
    }
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
