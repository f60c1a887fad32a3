import { bug, type Mutant } from './mutant.ts'

/** In what keeps a run, a queue, a database and a worker at the same cost at a million as at a thousand. */
export const scaleBugs: Mutant[] = [
  // Pruning: in small transactions, and never what something that goes on needs.
  bug(
    'pruning takes all runs at once',
    'store/keeping/retention.ts',
    'const batch = 100\n',
    'const batch = 100_000\n',
  ),
  bug(
    'what a pruned run leaves is deleted at once',
    'store/keeping/retention.ts',
    'const budget = 500\n',
    'const budget = 500_000\n',
  ),
  bug(
    'pruning begins with the newest',
    'store/keeping/retention.ts',
    'order by ended_at limit ? {skip}',
    'order by ended_at desc limit ? {skip}',
  ),
  bug(
    'a parent is pruned while its child goes on',
    'store/keeping/retention.ts',
    'child.parent = runs.no and child.ended_at is null',
    'child.parent = runs.no and child.ended_at < 0',
  ),
  bug(
    'a child is pruned while its parent goes on',
    'store/keeping/retention.ts',
    'above.no = runs.parent and above.ended_at is null',
    'above.no = runs.parent and above.ended_at < 0',
  ),
  bug(
    'a pruned run leaves its inbox',
    'store/keeping/leftovers.ts',
    "await deleteById(session, 'inbox', items)",
    '',
  ),
  bug(
    'a blob goes with the first of those that share it',
    'store/keeping/leftovers.ts',
    ` and not exists (
         select 1 from events where events.blob = blobs.hash and events.payload is null)`,
    '',
  ),
  bug(
    'what was left over by an aborted pruning stays',
    'store/keeping/retention.ts',
    'const earlier = await sweepLeftovers(session, budget)',
    'const earlier = { events: 0, isDone: true }',
  ),
  bug(
    'calls of a run with a batch at its provider are added up',
    'store/spending/folded-calls.ts',
    'where v.run = model_calls.run) order by',
    'where v.run = -model_calls.run) order by',
  ),
  // Lines of keys: who cannot run is out of the way of claims, and comes out of its line as soon as there is room.
  bug(
    'who stops running lets nobody out of its key’s line',
    'store/dispatch/key-lines.ts',
    "where key_line = 2 and status <> 'running' limit",
    "where key_line = 3 and status <> 'running' limit",
  ),
  bug(
    'a run that others stand in line behind is not marked',
    'store/dispatch/key-lines.ts',
    'set key_line = 2 {from}',
    'set key_line = runs.key_line {from}',
  ),
  bug(
    'a claimed run forgets who stands in line behind it',
    'store/dispatch/key-lines.ts',
    'then 2 else 0 end`',
    'then 0 else 0 end`',
  ),
  bug(
    'more runs are let out of a line than there is room for',
    'store/dispatch/key-lines.ts',
    'Math.min(room, Math.ceil(',
    'Math.max(room + 1, Math.ceil(',
  ),
  bug(
    'a run that is paused in line is forgotten there',
    'store/dispatch/key-lines.ts',
    "runs.status = 'queued' then 2 else runs.key_line end",
    'true then runs.key_line else runs.key_line end',
  ),
  bug(
    'a parked run is looked at once and never again',
    'store/dispatch/reconcile.ts',
    'known?.seq !== seq || known.item !== run.item || known.timed !== isTimed',
    'known === undefined',
  ),
  bug(
    'a limit that was lifted lets nobody out of a line',
    'store/dispatch/key-lines.ts',
    'const out = await letOutOf(session, open)',
    'const out = 0',
  ),
  bug(
    'new runs of a taken key stand in the way of claims',
    'store/dispatch/key-lines.ts',
    'is not null then 1 else 0 end`',
    'is not null then 0 else 0 end`',
  ),
  bug(
    'runs of a taken key stay in the way of claims',
    'store/dispatch/claims.ts',
    'await standInLine(session, queue.name, inLine)',
    '',
  ),
  // Chapters and pages: what is replayed is read, verified and delivered from where the run's row says, in parts.
  bug(
    'a late chapter is read from the beginning of the journal',
    'engine/worker/claiming/loading.ts',
    'let after = Math.max(run.chapter_seq - 1, 0)',
    'let after = 0',
  ),
  bug(
    'an event is lost between two pages of a journal',
    'engine/worker/claiming/loading.ts',
    'after = events.at(-1)!.seq',
    'after = events.at(-1)!.seq + 1',
  ),
  bug(
    'a journal of many pages is not compared with its head',
    'engine/worker/claiming/loading.ts',
    'const fault = this.#check.end()',
    'const fault = undefined as { problem: string } | undefined',
  ),
  bug(
    'a long replay lets nobody else go on',
    'engine/replay/deliveries.ts',
    'if (rest) {',
    'if (rest && this.#position === 0) {',
  ),
  bug(
    'the calls of earlier chapters count towards the limit',
    'engine/replay/calls.ts',
    'this.#last = before + (',
    'this.#last = (',
  ),
  bug('chance is the same in every chapter', 'engine/replay/history.ts', '`${seed}#${chapter}`', 'seed'),
  bug(
    'what came for a chapter that is over stays in the inbox',
    'engine/execution/lifecycle.ts',
    'if (leaving.continues) this.activity.inbox.closeChapter()',
    '',
  ),
  bug(
    'a chapter that ends takes the children of the next along',
    'engine/outside/left-children.ts',
    'const lastCall = goesOn ? parent.chapter_call : Number.MAX_SAFE_INTEGER',
    'const lastCall = Number.MAX_SAFE_INTEGER',
  ),
  bug(
    'a wait that is open is looked for behind its beginning',
    'engine/execution/outbox.ts',
    'if (!this.#openSince.has(step)) this.#openSince.set(step, seq)',
    'this.#openSince.set(step, seq + 1)',
  ),
  // The lease of a blocked worker: kept by a thread, but not for ever, and never against a judgement.
  bug(
    'the lease of a blocked worker is not kept',
    'store/dispatch/lease/lease-thread.ts',
    'await heartbeat(connection(), worker)',
    '',
  ),
  bug(
    'the lease of a worker in an endless loop is kept for ever',
    'store/dispatch/lease/lease-thread.ts',
    '} else if (silentMs >= maxBlockedMs) {',
    '} else if (silentMs < 0) {',
  ),
  bug(
    'a thread brings back a worker that was declared dead',
    'store/dispatch/lease/lease-thread.ts',
    'await heartbeat(connection(), worker)',
    "if (!(await heartbeat(connection(), worker))) await (await import('./workers.ts')).registerWorker(connection(), worker, [])",
  ),
  // Commits that are shared: each body by itself, acknowledged together, one sync.
  bug(
    'a shared commit is acknowledged before it is durable',
    'store/sqlite/commits.ts',
    'if (!this.#commitAll(written, results))',
    "for (const [at, result] of results.entries()) if ('value' in result) written[at]!.resolve(result.value as never)\n    if (!this.#commitAll(written, results))",
  ),
  bug(
    'one that fails in a shared commit is written all the same',
    'store/sqlite/commits.ts',
    "await session.run('rollback to one')",
    '',
  ),
  bug(
    'what was undone together is not done again',
    'store/sqlite/commits.ts',
    'for (const each of written) await this.#commitAlone(each)',
    'for (const { resolve } of written) resolve(undefined as never)',
  ),
  bug(
    'what a shared commit had no time for is forgotten',
    'store/sqlite/commits.ts',
    'this.#putBack(all.slice(results.length))',
    '',
  ),
  bug(
    'each transaction is committed by itself',
    'store/sqlite/commits.ts',
    'this.#waiting = []\n    if (all.length === 1)',
    'this.#waiting = []\n    this.#putBack(all.splice(1))\n    if (all.length === 1)',
  ),
  bug(
    'a loop of database work lets nothing else go on',
    'base/time/loop-stretch.ts',
    'if (now - this.#since < this.longestMs)',
    'if (now >= 0)',
  ),
  // The remembered audit: it spares time and proves nothing.
  bug(
    'an audit believes a mark that was written over',
    'store/audit/audit-mark.ts',
    'digest === sha256(JSON.stringify(mark)) ? mark',
    'digest !== null ? mark',
  ),
  bug(
    'an audit leaves out what changed since the last one',
    'store/audit/audit-rounds.ts',
    'for (const no of runs) again.add(no)',
    'for (const no of runs) again.delete(no)',
  ),
  bug(
    'a fault that an audit found is forgotten by the next',
    'store/audit/audit-rounds.ts',
    'const again = new Set<number>(mark.faulty)',
    'const again = new Set<number>()',
  ),
  bug(
    'an audit that was interrupted goes on behind what it left out',
    'store/audit/audit-rounds.ts',
    'Object.assign(mark, { through: upTo,',
    'Object.assign(mark, { through: upTo + 1000,',
  ),
  // Large groups of commits, written in a thread.
  bug(
    'what a guard refuses is written all the same',
    'store/batch.ts',
    'const admitted = refused.size === 0 ? rows',
    'const admitted = refused.size >= 0 ? rows',
  ),
  bug(
    'a writer that ended counts as one that wrote',
    'store/sqlite/bulk-writer.ts',
    'for (const { reject } of this.#awaited.splice(0)) reject(error)',
    'for (const { resolve } of this.#awaited.splice(0)) resolve([])',
  ),
  // Very many events of one run, and of one group: some at a time, in their order, each with its rows.
  bug(
    'very many events of a run are one commit',
    'engine/execution/outbox.ts',
    'const mostEvents = 2000\n',
    'const mostEvents = 2_000_000\n',
  ),
  bug(
    'rows become durable before the events that they go with',
    'engine/execution/outbox.ts',
    'const count = later < 0 ? this.#rows.length : later',
    'const count = this.#rows.length + 0 * later',
  ),
  bug(
    'a run is given back before all of it is written',
    'engine/execution/outbox.ts',
    'this.#events.length === 0 ? this.#leaving : undefined',
    'this.#leaving',
  ),
  bug(
    'an item is used up before what it gave is written',
    'engine/execution/outbox.ts',
    'this.#events.length > mostEvents && taken.length === 0',
    'this.#events.length > mostEvents',
  ),
  bug(
    'a run gives up what another one waits for',
    'engine/waiting/open-waits.ts',
    'return found?.of === this ? found : undefined',
    'return found',
  ),
  bug(
    'what a group had no room for is forgotten',
    'store/journal/group-commit.ts',
    'this.#waiting.unshift(...sources.slice(index))',
    '',
  ),
  // Parked runs that are kept: only as what a replay would come to.
  bug(
    'a kept run goes on though its journal was written to',
    'engine/worker/parked-runs.ts',
    'run.head_seq === head.seq &&\n    run.head === head.hash',
    'head.seq > 0',
  ),
  bug(
    'a kept run goes on though another worker drove it',
    'engine/worker/parked-runs.ts',
    'run.epoch === claim.epoch + 1 &&\n    run.head_seq === head.seq &&\n    run.head === head.hash',
    'run.epoch > claim.epoch',
  ),
  bug(
    'a kept run goes on in code that was changed',
    'engine/worker/parked-runs.ts',
    'execution.workflow === workflow &&',
    'workflow !== undefined &&',
  ),
  bug(
    'parked runs are kept for ever',
    'engine/worker/parked-runs.ts',
    'if (at > since) return',
    'if (at > 0) return',
  ),
  bug(
    'parked runs are kept whatever they take',
    'engine/worker/parked-runs.ts',
    'if (this.#kept.size <= this.#limits.mostRuns && this.#bytes <= this.#limits.mostBytes) return',
    'if (this.#kept.size >= 0) return',
  ),
  bug(
    'what falls due while a run is being parked is lost',
    'engine/execution/lifecycle.ts',
    '    this.activity.timers.stop()\n  }\n\n  #leave',
    '  }\n\n  #leave',
  ),
  bug(
    'a run is kept whose code went on while it was being parked',
    'engine/execution/lifecycle.ts',
    'this.#isAstray ||= ',
    'void ',
  ),
  bug(
    'a run that has parked is given what a look found',
    'engine/worker/inbox-looks.ts',
    'if (isDriven()) execution.receive(items, run.inbox)',
    'execution.receive(items, run.inbox)',
  ),
  bug(
    'what came for a kept run is not offered to it',
    'engine/execution/lifecycle.ts',
    'if (items) this.activity.inbox.renew(items)',
    '',
  ),
  // The reconciler: what it remembers is no reason to overlook a wake that was lost.
  bug(
    'the reconciler overlooks what came to a run that it knows',
    'store/dispatch/reconcile.ts',
    'known?.seq !== seq || known.item !== run.item ||',
    'known?.seq !== seq ||',
  ),
  bug(
    'the reconciler overlooks what a run that it knows has begun to wait for',
    'store/dispatch/reconcile.ts',
    'known?.seq !== seq || known.item',
    'known === undefined || known.item',
  ),
  bug(
    'the reconciler overlooks that a run that it knows lost its timer',
    'store/dispatch/reconcile.ts',
    '|| known.timed !== isTimed',
    '',
  ),
  bug(
    'the reconciler reads whole journals again',
    'store/dispatch/reconcile.ts',
    'let after = kept ? known!.seq : Math.max(run.open_seq - 1, 0)',
    'let after = Math.max(run.open_seq - 1, 0)',
  ),
  bug(
    'a kept run goes on whose code went on by itself',
    'engine/replay/inside-body.ts',
    'site.codeMoved()',
    'void site.run',
  ),
  // Claims by the size of histories, and results that are awaited elsewhere.
  bug(
    'long histories are held however much they take',
    'engine/worker/claiming/history-room.ts',
    'bytes + size <= this.#mostBytes',
    'bytes + size >= 0',
  ),
  bug(
    'middling histories go before a large one that waits for room',
    'engine/worker/claiming/history-room.ts',
    'const isItsTurn = this.#next === undefined || this.#next === no',
    'const isItsTurn = true',
  ),
  bug(
    'the room of a history is not given back',
    'engine/worker/local-runs.ts',
    'this.#historyBytes -= historyBytes',
    '',
  ),
  bug(
    'a change during a look at awaited runs is overlooked',
    'engine/results.ts',
    "if (this.#state !== 'idle') this.#state = 'again'",
    "if (this.#state !== 'idle') return",
  ),
  bug(
    'of very many awaited runs some are not asked for',
    'engine/results.ts',
    'from < ids.length; from += mostAsked)',
    'from < ids.length; from += 2 * mostAsked)',
  ),
  // Inboxes and awaited results: a flat cost, and nothing passed over.
  bug(
    'a rest offers only what came first under a name',
    'engine/waiting/inbox.ts',
    'if (next && this.#waits.has(name)) {',
    'if (next && next.id < 0) {',
  ),
  bug(
    'a name of which something is left is not looked at again',
    'engine/waiting/inbox.ts',
    'if (this.#waits.has(item.name)) this.#ready.add(item.name)',
    '',
  ),
  bug(
    'of many awaited runs always the same are asked for',
    'engine/results.ts',
    'this.#waiters.set(id, waiting)\n      }',
    'this.#waiters.set(id, waiting)\n        break\n      }',
  ),
  // Chapters that are over: nothing that a replay, a person or the audit needs goes with them.
  bug(
    'a chapter is pruned whatever its age',
    'store/keeping/chapters.ts',
    'at < run.before && (open?.step',
    'at > 0 && (open?.step',
  ),
  bug(
    'a chapter is pruned under an open question',
    'store/keeping/chapters.ts',
    'step! < open.step)',
    'step! > 0)',
  ),
  bug(
    'the hash before what is left is not kept',
    'store/keeping/chapters.ts',
    'set pruned_seq = ?, pruned_hash = ?,',
    'set pruned_seq = ?, pruned_hash = substr(?, 2),',
  ),
  bug(
    'what a call of a kept chapter took goes',
    'store/keeping/chapters.ts',
    'step !== null && step <= call && at < before',
    'step !== null && at < before',
  ),
  bug('children of pruned chapters stay for ever', 'store/keeping/chapters.ts', 'reach!.call,\n', '0,\n'),
  bug(
    'the audit believes a row that hides its chapter',
    'store/audit/audit.ts',
    'pruned_seq >= chapter_seq',
    'pruned_seq < 0',
  ),
  // Schedules: some in a round, and none of their times lost between.
  bug(
    'all schedules that are due start in one round',
    'engine/starting/schedule.ts',
    'const mostSchedules = 100\n',
    'const mostSchedules = 100_000\n',
  ),
  bug(
    'what a schedule missed starts in one transaction',
    'engine/starting/schedule.ts',
    'const mostTimes = 100\n',
    'const mostTimes = 100_000\n',
  ),
  bug(
    'a catch-up that is cut short forgets the rest',
    'engine/starting/schedule.ts',
    'next_at: left[0]! }',
    'next_at: nextAfter(name, kept, now) }',
  ),
  bug(
    'a schedule that was changed meanwhile is caught up as it was',
    'engine/starting/schedule.ts',
    'row.next_at === next_at && row.definition === definition',
    'row.next_at === next_at',
  ),
  // Many lanes: some in a claim, and none of them forgotten.
  bug(
    'a claim looks at all lanes, however many there are',
    'store/dispatch/lane-turns.ts',
    '{ after: this.#last, most: this.#most }',
    '{}',
  ),
  bug(
    'a claim always looks at the same lanes',
    'store/dispatch/lane-turns.ts',
    'this.#last = this.#looked.at(-1)',
    'this.#last = undefined',
  ),
  bug(
    'a worker rests before it looked at the lanes before',
    'store/dispatch/lane-turns.ts',
    '!this.#reachedEnd || this.#fruitless < this.#total',
    '!this.#reachedEnd',
  ),
  // Signals to one run that wait at one moment share a transaction.
  bug(
    'signals to one run go one by one',
    'engine/outside/run-lines.ts',
    'some = line.splice(0, most)\n          return',
    'some = line.splice(0, 1)\n          return',
  ),
  bug(
    'a commit of which nobody knows is tried again',
    'engine/outside/run-lines.ts',
    "this.#database.classify(error) !== 'constraint'",
    "this.#database.classify(error) === 'fatal'",
  ),
  bug(
    'what one signal did wrong is told to all',
    'engine/outside/run-lines.ts',
    'if (!(error instanceof ReeveError)) throw error',
    'throw error',
  ),
]
