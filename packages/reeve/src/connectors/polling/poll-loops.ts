import type { Engine } from '../../engine/engine.ts'
import { Arrivals } from '../../triggers/arrivals.ts'
import { type NamedTrigger, triggersOn } from '../../triggers/named-triggers.ts'
import type { Connections } from '../host/connections.ts'
import type { PollTrigger } from '../shape/poll-trigger.ts'
import { PollFollower } from './poll-follower.ts'

/** Looks at services for what starts runs, in each worker of a project; each account of each trigger is looked at by one of them. */
export class PollLoops {
  readonly followers: readonly PollFollower[]

  constructor(engine: Engine, named: Iterable<NamedTrigger>, connections: Connections) {
    const arrivals = new Arrivals(engine)
    const polls = triggersOn(named, 'service') as unknown as NamedTrigger<PollTrigger>[]
    this.followers = polls.flatMap((each) => {
      const connection = connections.all.get(each.trigger.connection)
      if (!connection) return []
      const { accounts } = connection
      if (accounts.choice === 'own') return []
      const names = accounts.choice === 'one' ? [accounts.account] : accounts.accounts
      return names.map((account) => {
        const isOnly = names.length === 1
        return new PollFollower({ engine, arrivals, named: each, connection, connections, account, isOnly })
      })
    })
  }

  begin(): void {
    for (const follower of this.followers) follower.begin()
  }

  /** Resolves when nothing of it is under way. */
  async end(): Promise<void> {
    await Promise.all(this.followers.map((follower) => follower.end()))
  }
}
