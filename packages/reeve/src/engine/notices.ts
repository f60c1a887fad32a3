import type { Claim, Ending } from './execution/claim.ts'

/** What the parts of one engine tell one another, and with what; all of it once it is durable. */
export interface NoticeKinds {
  /** This process no longer drives a run, which is now as `ending` says. */
  'run-left': [claim: Claim, workflow: string, ending: Ending]
  /** A run was stuck or cancelled without being driven; its id. */
  'run-set-aside': [runId: string]
  /** Whoever does not drive a run changed it: it was sent something, cancelled, paused, retried; its `no`. */
  'run-changed': [no: number]
  /** A run that was driven ended, and its parent's inbox has that now; the parent's `no`. */
  'inbox-grew': [no: number]
  /** Runs that ended may have left children that are to be cancelled. */
  'children-left': []
  /** There may be a run to claim. */
  'run-queued': []
  /** There may be one at that time (ms), and not sooner. */
  'run-due': [at: number]
  /** The worker has shown that it lives. */
  heartbeat: []
}

type Listener<Kind extends keyof NoticeKinds> = (...told: NoticeKinds[Kind]) => void
type Listeners = { [Kind in keyof NoticeKinds]: readonly Listener<Kind>[] }

/**
 * Made before all others that tell or hear something, so that none of them need know another. Listeners are called at
 * once, in the order in which they came, and must not throw.
 */
export class Notices {
  readonly #listeners: Listeners = {
    'run-left': [],
    'run-set-aside': [],
    'run-changed': [],
    'inbox-grew': [],
    'children-left': [],
    'run-queued': [],
    'run-due': [],
    heartbeat: [],
  }

  tell<Kind extends keyof NoticeKinds>(kind: Kind, ...told: NoticeKinds[Kind]): void {
    const listeners: readonly Listener<Kind>[] = this.#listeners[kind]
    for (const listener of listeners) listener(...told)
  }

  /** Returns the way to stop listening. */
  on<Kind extends keyof NoticeKinds>(kind: Kind, listener: Listener<Kind>): () => void {
    this.#set(kind, [...this.#listeners[kind], listener])
    return () =>
      this.#set(
        kind,
        this.#listeners[kind].filter((one) => one !== listener),
      )
  }

  #set<Kind extends keyof NoticeKinds>(kind: Kind, listeners: readonly Listener<Kind>[]): void {
    this.#listeners[kind] = listeners as Listeners[Kind]
  }
}
