/** A bug to be seeded: a text that stands once in a file, and what to put in its place. */
export interface Mutant {
  name: string
  /** In the package. */
  file: string
  find: string
  replace: string
}

/** Patches of template strings stand in plain ones. */
const bug = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  file: `src/${file}`,
  find,
  replace,
})

export const mutants: Mutant[] = [
  // The store: fencing, durability, claims.
  bug('no commit is synced', 'store/sqlite.ts', "'synchronous = full'", "'synchronous = off'"),
  bug(
    'a damaged journal goes on',
    'engine/held-runs.ts',
    'const fault = verifyChain(run.id, events, headOf(run))',
    'const fault = verifyChain(run.id, [], headOf({ head: null, head_seq: null }))',
  ),
  bug(
    'who comes during a look at an inbox is not looked for again',
    'engine/held-runs.ts',
    'this.#nextLooks.get(no) ?? this.#lookAfter',
    'this.#nextLooks.get(no) ?? this.#looks.get(no) ?? this.#lookAfter',
  ),
  bug(
    'a look at an inbox begins behind what came',
    'engine/held-runs.ts',
    'no, execution.inbox.lastId)',
    'no, execution.inbox.lastId + 1)',
  ),
  bug(
    'a woken sleeper sends without asking',
    'engine/effect.ts',
    'const held = this.#execution.surelyHeld()',
    'const held = true as true | Promise<boolean>',
  ),
  bug(
    'any epoch may append',
    'store/runs.ts',
    'runs.epoch = :epoch and runs.worker is not null {lock}',
    'runs.worker is not null {lock}',
  ),
  bug(
    'a turn is written though its claim was lost',
    'store/group-commit.ts',
    "heldNos.has(turn.run) ? 'durable' : 'lost'",
    "'durable'",
  ),
  bug(
    'a second birth with a key counts as the first',
    'store/group-commit.ts',
    "bornNos.has(turn.run) ? 'durable' : 'exists'",
    "'durable'",
  ),
  bug(
    'a claim does not bump the epoch',
    'store/claims.ts',
    'worker = ?, epoch = epoch + 1, wake_at',
    'worker = ?, wake_at',
  ),
  bug(
    'a claim leaves the run queued',
    'store/claims.ts',
    "set status = 'running', worker = ?",
    "set status = 'queued', worker = ?",
  ),
  bug(
    'a due timer does not wake its run',
    'store/claims.ts',
    'wake_at is not null and wake_at <= reeve_now() and paused = 0 order',
    'wake_at is not null and wake_at <= reeve_now() - 60000 and paused = 0 order',
  ),
  bug(
    'delayed starts are claimed at once',
    'store/runs.ts',
    "case when :status = 'queued' and :available_at > :created_at then :available_at end",
    'cast(null as bigint)',
  ),
  bug(
    'the runs of dead workers stay theirs',
    'store/recovery.ts',
    'worker not in (select id from workers)',
    'worker in (select id from workers where 1 = 0)',
  ),
  bug(
    'one more than the concurrency may run',
    'store/claims.ts',
    'queue.concurrency - running!.count',
    'queue.concurrency - running!.count + 1',
  ),
  bug(
    'keys are not kept apart within a claim',
    'store/claims.ts',
    'running.set(row.key, count + 1)',
    'running.set(row.key, count)',
  ),
  bug(
    'deaths are not counted',
    'store/recovery.ts',
    'then 1 else crashes + 1 end',
    'then 0 else crashes end',
  ),
  bug(
    'a delivery is counted on every copy',
    'store/inbox.ts',
    'on conflict (run, dedup) where dedup is not null do nothing returning run',
    'on conflict (run, dedup) where dedup is not null do update set payload = excluded.payload returning run',
  ),
  bug(
    'a delivery does not wake',
    'store/inbox.ts',
    "case when runs.status = 'waiting' then 'queued' else runs.status end",
    'runs.status',
  ),
  bug(
    'a run parks over an item that came',
    'store/runs.ts',
    "status = case when :status = 'waiting' and runs.inbox > :inbox_seen then 'queued' else :status end",
    'status = :status',
  ),
  bug(
    'items may be taken twice',
    'store/inbox.ts',
    'id > ? and consumed_step is null order by id',
    'id > ? order by id',
  ),
  bug('an occurrence is recorded again', 'store/schedules.ts', 'return changed === 1', 'return changed <= 1'),
  bug(
    'a payload may change under its hash',
    'store/journal.ts',
    "event.blob ?? (event.payload === null ? '' : sha256(event.payload))",
    "event.blob ?? ''",
  ),
  bug(
    'a missing tail of a journal goes unnoticed',
    'store/journal.ts',
    'if (head && head.seq > seq)',
    'if (head && head.seq < 0)',
  ),
  // The engine: what is told when, what is repeated.
  bug(
    'a transaction that fails is told as durable',
    'store/group-commit.ts',
    "await this.#write(sources, turns, inDoubt || kind === 'unknown')",
    "for (const source of sources) source.settled('durable')",
  ),
  bug(
    'a keyed start acts before its birth is durable',
    'engine/execution.ts',
    'this.#maybeDuplicate = run.idempotency !== null',
    'this.#maybeDuplicate = false',
  ),
  bug(
    'an effect goes out before its intent is durable',
    'engine/effect.ts',
    "await this.#execution.note(this.#call, 'effect-intended', JSON.stringify(intent))",
    "void this.#execution.note(this.#call, 'effect-intended', JSON.stringify(intent))",
  ),
  bug(
    'a once effect is repeated after an unknown outcome',
    'engine/effect.ts',
    "case 'read':\n      case 'idempotent':\n        return this.#attempt(attempt + 1)",
    "case 'read':\n      case 'once':\n      case 'idempotent':\n        return this.#attempt(attempt + 1)",
  ),
  bug(
    'a verifiable effect is repeated unasked',
    'engine/effect.ts',
    "case 'verifiable':\n        return this.#verify(attempt, reason)",
    "case 'verifiable':\n        return this.#attempt(attempt + 1)",
  ),
  bug(
    'an error of a once effect means nothing happened',
    'engine/effect.ts',
    'if (!repeatable && !(error instanceof NotApplied))',
    'if (!repeatable && error === null)',
  ),
  bug(
    'every attempt has its own key',
    'engine/effect.ts',
    '{ key: this.#key, attempt, signal })),\n      )\n    } catch (error) {\n      return this.#afterError',
    '{ key: `${this.#key}:${attempt}`, attempt, signal })),\n      )\n    } catch (error) {\n      return this.#afterError',
  ),
  bug(
    'keys are the same in all runs',
    'engine/step.ts',
    '`${execution.edges.identity}:${execution.claim.id}:${call.step}`',
    '`${execution.edges.identity}:${call.step}`',
  ),
  bug(
    'settlements come in the order of the calls',
    'engine/history.ts',
    "history.settlements.push({ step, event, rejects: meaning.role === 'rejects' })",
    "history.settlements.push({ step, event, rejects: meaning.role === 'rejects' })\n    history.settlements.sort((left, right) => left.step - right.step)",
  ),
  bug(
    'changed code goes on',
    'engine/execution.ts',
    'recorded.kind !== kind || !isNamed(recorded, name, checked) || recorded.args !== args',
    'recorded.kind !== kind',
  ),
  bug(
    'calls that the code no longer makes are forgotten',
    'engine/execution.ts',
    "if (this.behindHistory) return this.#stickUnmade('its function returned')",
    '',
  ),
  bug(
    'an ended run is followed by more',
    'engine/execution.ts',
    "if (this.#mode === 'ended' || this.#mode === 'leaving') return false\n    this.#outbox.push({\n",
    'this.#outbox.push({\n',
  ),
  bug(
    'a lost turn is told to the workflow',
    'engine/execution.ts',
    "if (outcome !== 'durable') {\n",
    "if (outcome === 'exists') {\n",
  ),
  bug(
    'a run is parked while it acts',
    'engine/execution.ts',
    "if (this.#mode !== 'live' || this.#acting > 0 || !this.#deliveries.empty) return false",
    "if (this.#mode !== 'live' || !this.#deliveries.empty) return false",
  ),
  bug(
    'a parent is not told',
    'engine/outbox.ts',
    'if (!ended || this.#claim.parent === null) return',
    'if (!ended || this.#claim.parent !== null) return',
  ),
  bug(
    'a sleep starts anew after a crash',
    'engine/waits.ts',
    'const recorded = call.recorded?.opened[0]\n    let dueAt: number\n',
    'const recorded = undefined as { payload: string } | undefined\n    let dueAt: number\n',
  ),
  bug(
    'a timer fires before its time',
    'engine/timers.ts',
    'first !== undefined && first <= now; first',
    'first !== undefined && first <= now + 60_000; first',
  ),
  bug(
    'an attempt is not counted',
    'engine/step.ts',
    'const next = () => tries(execution, call, attempted, attempt + 1)',
    'const next = () => tries(execution, call, attempted, attempt)',
  ),
  bug(
    'a signal is taken without being marked',
    'engine/inbox.ts',
    'this.#consumed.push({ item: item.id, step })',
    '',
  ),
  bug('a decision stands beside another', 'engine/control.ts', 'refuseDecided(current, at)', ''),
  bug(
    'a cancelled run keeps its children',
    'engine/left-children.ts',
    'else await cancelOutside(session, edges, child, by, { told: false })',
    '',
  ),
  bug(
    'a child is born under a run that was cancelled',
    'store/runs.ts',
    '(select above.cancelled_by from runs above where above.no = :parent)',
    'null',
  ),
  bug(
    'a run that ended leaves its children going',
    'engine/outbox.ts',
    'leavesChildren: ended && openChildren',
    'leavesChildren: false',
  ),
  bug(
    'a schedule forgets where it was',
    'engine/schedule.ts',
    'as KeptDefinition, row.next_at!, now)',
    'as KeptDefinition, now, now)',
  ),
  bug(
    'a rate counts anew in windows',
    'store/call-rates.ts',
    'last ? last.until + perMs + 1 : 0',
    'last && last.until + perMs + 1 > now && now % perMs !== 0 ? last.until + 1 : 0',
  ),
  bug(
    'a call that is late uses an old token',
    'engine/effect.ts',
    'this.#execution.edges.clock.now() > this.#mayBeginUntil',
    'this.#mayBeginUntil < 0',
  ),
  bug(
    'a queue starves by its name',
    'store/shares.ts',
    'if (level !== 0) return level < 0',
    'if (level !== 0) return false',
  ),
  bug(
    'a worker claims what it does not have',
    'engine/worker.ts',
    'workflows.find(workflow, version),\n    )',
    '[workflow, version, workflows].length > 0,\n    )',
  ),
  bug(
    'a key answers with a run of another input',
    'engine/same-start.ts',
    'there.given === given',
    'there.id !== null',
  ),
]
