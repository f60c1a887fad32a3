import type { Usage } from '../models/solver.ts'

/** What an agent is doing, for whoever watches. The journal is the record; these are told once, while it happens. */
export type AgentEvent = { run: string; agent: string; turn: number } & (
  | { type: 'turn-started' }
  | { type: 'turn-finished'; calls: number; text: string | undefined; usage: Usage }
  | { type: 'tool-started'; tool: string; call: string }
  | { type: 'tool-finished'; tool: string; call: string; status: 'done' | 'failed' | 'rejected' | 'repeated' }
  | { type: 'agent-finished' }
  | { type: 'agent-stopped'; why: string }
)

/** Hears what agents do; what it throws is logged and changes nothing. */
export type AgentListener = (event: AgentEvent) => void
