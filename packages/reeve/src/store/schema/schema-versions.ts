import { outcomeTables } from '../approvals/outcomes.ts'
import { approvalTables, voteTables } from '../approvals/tables.ts'
import { auditTables } from '../audit/audit-tables.ts'
import { levelTables } from '../authority/levels.ts'
import { authorityTables } from '../authority/tables.ts'
import { daemonTables, directiveTables, repairTables } from '../autonomy/tables.ts'
import { approvalLetterTables, approvalMessageTables } from '../connectors/approval-messages.ts'
import { connectorTables } from '../connectors/tables.ts'
import type { Migration } from '../dialect.ts'
import { triggerTables } from '../dispatch/trigger-tables.ts'
import { evalTables } from '../evals/tables.ts'
import { serverTables } from '../identity/server-tables.ts'
import { learningTables } from '../learning/tables.ts'
import { markTables, sealedMarkTables } from '../marks/marked-values.ts'
import { itemsVersion } from '../memory/schema.ts'
import { proposalTables } from '../proposals/tables.ts'
import { needsTables } from '../runs/awaited.ts'
import { secretTables } from '../secrets/tables.ts'
import { effectBudgetTables } from '../spending/effect-budget-tables.ts'
import { firstVersion } from './first-version.ts'

/**
 * The schema, one entry per version, never edited once released. `{serial}` is a growing integer key, `{key}` an
 * integer key that we choose, `{path}` a text that sorts by its bytes; everything else is SQL that SQLite and Postgres
 * both read.
 *
 * `events` is the only truth; every other table is a view of it kept up to date in the same transaction, or an inbox.
 */
export const migrations: Migration[][] = [
  firstVersion,
  [
    // SHA-256 of the input that a start with an idempotency key was given: another one under that key is a conflict.
    'alter table runs add column given text',
    // 1 for a child that goes on when its parent ends.
    'alter table runs add column detached bigint not null default 0',
    // 1 when the run ended while children of its were going: they are to be cancelled.
    'alter table runs add column leaves_children bigint not null default 0',
    'create index runs_leaving_children on runs (no) where leaves_children = 1',
    // The runtime's own keys move out of the callers' way.
    `update runs set idempotency = 'reeve:' || idempotency
     where idempotency like 'schedule:%' and principal like 'schedule:%'`,
    `update runs set idempotency = 'reeve:' || idempotency
     where idempotency like 'debounce:%' and status = 'queued' and fresh = 1`,
  ],
  [
    // `effect`: it is the call of a tool that is approved.
    'alter table approvals add column binds text',
    // The JSON Schema of what the tool accepts: an edit is checked against it as it is decided.
    'alter table approvals add column input_schema text',
  ],
  ['drop index runs_children', 'create index runs_children on runs (parent, no) where parent is not null'],
  [
    'drop index runs_queued',
    'drop index runs_waking',
    // By lane, and of those only that could be claimed now: neither held runs nor those put off lie before others.
    `create index runs_ready on runs (queue, workflow, version, fresh, priority desc, available_at, no)
     where status = 'queued' and paused = 0 and wake_at is null`,
    'create index runs_due on runs (wake_at) where wake_at is not null and paused = 0',
    `update runs set wake_at = available_at where status = 'queued'`,
  ],
  [
    // Rates of calls, and when the last calls of each may have begun at the latest: as many as the rate counts.
    `create table call_rates (
      name text not null,
      key text not null,
      count bigint not null,
      per_ms bigint not null,
      taken bigint not null,
      promised_at bigint not null,
      blocked_until bigint not null,
      used_at bigint not null,
      primary key (name, key)
    )`,
    `create table call_tokens (
      name text not null,
      key text not null,
      slot bigint not null,
      until bigint not null,
      primary key (name, key, slot)
    )`,
  ],
  [
    // What was not taken yet, by the order it came in: a run that took ten thousand items looks at none of them again.
    'create index inbox_open on inbox (run, id) where consumed_step is null',
  ],
  [
    // Runs that retention deleted: their events and inbox are still to go, in slices.
    'create table leftovers (run {key})',
    // What the calls of deleted runs came to, once they are past the ledger's retention. `agent` is '' where none asked.
    `create table model_costs (
      day bigint not null,
      workflow text not null,
      agent text not null,
      model text not null,
      calls bigint not null,
      input_tokens bigint not null,
      output_tokens bigint not null,
      cached_tokens bigint not null,
      nanousd bigint not null,
      unknown_nanousd bigint not null,
      runs bigint not null,
      succeeded bigint not null,
      agent_runs bigint not null,
      agent_succeeded bigint not null,
      model_runs bigint not null,
      model_succeeded bigint not null,
      day_runs bigint not null,
      day_succeeded bigint not null,
      primary key (day, workflow, agent, model)
    )`,
    'create index model_calls_of_deleted on model_calls (at) where run_status is not null',
  ],
  [
    // 1: stands in the line of its key; 2: others stand behind it (`key-lines.ts`).
    'alter table runs add column key_line bigint not null default 0',
    'drop index runs_ready',
    `create index runs_ready on runs (queue, workflow, version, fresh, priority desc, available_at, no)
     where status = 'queued' and paused = 0 and wake_at is null and key_line = 0`,
    `create index runs_in_line on runs (queue, key, workflow, version, fresh, priority desc, available_at, no)
     where key_line = 1`,
    `create index runs_freeing on runs (queue, key) where key_line = 2 and status <> 'running'`,
  ],
  [
    // Where the chapter begins that a run is in, by its first event, with the hash before that; 0: in its first one.
    'alter table runs add column chapter bigint not null default 1',
    'alter table runs add column chapter_seq bigint not null default 0',
    'alter table runs add column chapter_hash text',
    // The last call of the chapters before.
    'alter table runs add column chapter_call bigint not null default 0',
    // No wait that is open was begun by an earlier event.
    'alter table runs add column open_seq bigint not null default 0',
    // What replaying it costs in memory, roughly, counted up to an event.
    'alter table runs add column journal_bytes bigint not null default 0',
    'alter table runs add column bytes_seq bigint not null default 0',
    // The last event that retention deleted of the chapters before, with its hash.
    'alter table runs add column pruned_seq bigint not null default 0',
    'alter table runs add column pruned_hash text',
  ],
  [
    // The reconciler walks through those that wait, however many have ended.
    `create index runs_waiting on runs (no) where status = 'waiting'`,
  ],
  [
    // Of a family, those that are to be ended with it: not the thousands that ended before.
    'create index runs_open_children on runs (parent, no) where parent is not null and ended_at is null',
  ],
  [
    // Lists of what went wrong, and of what people decided lately, however much went well.
    `create index runs_wrong on runs (status, id) where status in ('failed', 'cancelled', 'stuck')`,
    `create index runs_failed on runs (ended_at) where status = 'failed'`,
    'create index approvals_decided on approvals (decided_at) where decided_at is not null',
  ],
  serverTables,
  [
    // The last call of the chapters that retention deleted.
    'alter table runs add column pruned_call bigint not null default 0',
    // Runs with chapters that are over and not deleted yet.
    'create index runs_old_chapters on runs (no) where chapter_seq > pruned_seq + 1',
    // In the order in which the items came.
    'drop index inbox_run',
    'create index inbox_run on inbox (run, id)',
  ],
  [
    // What principals did: append-only, each linked to the one before (`authority/authority-log.ts`).
    `create table authority_log (
      seq {key},
      type text not null,
      at bigint not null,
      principal text not null,
      proof text not null,
      behalf text not null,
      subject text not null,
      run text,
      payload text,
      digest text not null,
      hash text not null
    )`,
    'create index authority_log_principal on authority_log (principal, seq)',
    'create index authority_log_subject on authority_log (subject, seq)',
    'create index authority_log_run on authority_log (run, seq) where run is not null',
  ],
  [
    // What an effect was done once for, over all runs, and which call has it.
    `create table business_keys (
      name text not null,
      value text not null,
      run bigint not null,
      run_id text not null,
      step bigint not null,
      status text not null,
      at bigint not null,
      primary key (name, value)
    )`,
    'create index business_keys_call on business_keys (run, step)',
  ],
  [
    // JSON: what a request is bound to beside what it shows.
    'alter table approvals add column terms text',
  ],
  authorityTables,
  voteTables,
  triggerTables,
  itemsVersion,
  effectBudgetTables,
  auditTables,
  approvalTables,
  [
    // Where a passage stands in its source.
    'alter table items add column place text',
  ],
  secretTables,
  daemonTables,
  levelTables,
  [
    // What an item of memory was made of.
    `create table item_origins (
      item text not null,
      rests_on text not null,
      primary key (item, rests_on)
    )`,
    'create index item_origins_rests_on on item_origins (rests_on)',
  ],
  evalTables,
  proposalTables,
  directiveTables,
  connectorTables,
  learningTables,
  repairTables,
  approvalMessageTables,
  markTables,
  [
    // Runs are named by the key that their workflow gave them.
    'create index runs_key on runs (key, no) where key is not null',
  ],
  outcomeTables,
  sealedMarkTables,
  [
    // Tokens of rates: by when what each allowed has arrived. `began_at` null: it is set aside for a time to come.
    'drop table call_tokens',
    `create table call_tokens (
      name text not null,
      key text not null,
      token bigint not null,
      until bigint not null,
      began_at bigint,
      primary key (name, key, token)
    )`,
    'create index call_tokens_until on call_tokens (name, key, until)',
    // What was taken before is not known: a whole stretch passes.
    'update call_rates set per_ms = 0',
  ],
  needsTables,
  approvalLetterTables,
]
