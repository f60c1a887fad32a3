import type { LineEventType, Unchecked } from '../../store/journal/events.ts'
import type { CycleMemory } from './cycle-memory.ts'
import type { DaemonState } from './daemon-state.ts'
import type { DaemonServices, Look, NamedDaemon, Terms } from './look/look.ts'

/** Writes a line of a cycle to its journal, once. */
export type Note = <T extends LineEventType>(
  type: T,
  payload: Omit<Unchecked<T>, 'daemon' | 'cycle'> & { message: string },
) => void

/** What a part of a cycle is given. */
export interface Acting {
  named: NamedDaemon
  services: DaemonServices
  look: Look
  state: DaemonState
  terms: Terms
  memory: CycleMemory
  note: Note
}
