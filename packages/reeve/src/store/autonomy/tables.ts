/** A version of the schema (`schema-versions.ts`), never edited once released: daemons, what they claim, and their goals. */
export const daemonTables: string[] = [
  // Which run is a daemon's cycle now, and what asked it to wake. `definition`: JSON, as the code has it.
  `create table daemons (
    name text primary key,
    definition text not null,
    cycle bigint not null default 0,
    run text,
    paused bigint not null default 0,
    wakes bigint not null default 0,
    woken text,
    reopened bigint not null default 0
  )`,
  // The cycles of daemons among all runs, in their order.
  `create index runs_of_daemons on runs (no) where queue = 'daemons'`,
  // Which cycle has a directive with these inputs: two daemons that want the same are one decision.
  `create table decision_claims (
    key text primary key,
    daemon text not null,
    run text not null,
    at bigint not null
  )`,
  'create index decision_claims_at on decision_claims (at)',
  // What people changed of standing goals, the oldest first. `change`: JSON of the fields that are others now.
  `create table goal_changes (
    id {serial},
    goal text not null,
    change text not null,
    why text,
    made_by text not null,
    made_at bigint not null
  )`,
  'create index goal_changes_of_goal on goal_changes (goal, id)',
]

/** Another: every text that a directive had, and who made it so. */
export const directiveTables: string[] = [
  // `state`: `writing` until the file has this text, then `stands`. `base`: the hash of what it was made of. `evidence`: JSON.
  `create table directive_versions (
    name text not null,
    version bigint not null,
    hash text not null,
    text text not null,
    author text not null,
    made_by text,
    proof text,
    reason text,
    evidence text,
    write_key text,
    base text,
    state text not null,
    at bigint not null,
    primary key (name, version)
  )`,
  'create unique index directive_versions_key on directive_versions (write_key) where write_key is not null',
]

/** Another: what is repaired, with what proved it. */
export const repairTables: string[] = [
  // JSON: `failure` { code, message }, `inputs`, `diagnosis` { kind, rule, why }, `tries` (each fix with its verdict), `proof`,
  // `notes` (the lines in directives). `before` and `after`: the sources. `key`: at most one is open for each.
  `create table repairs (
    id text primary key,
    script text not null,
    file text not null,
    status text not null,
    key text not null,
    run text,
    call bigint,
    failure text,
    inputs text,
    diagnosis text,
    level text not null,
    before_hash text,
    before_text text,
    after_hash text,
    after_text text,
    tries text,
    proof text,
    notes text,
    reason text,
    execution text,
    proposal text,
    watch_run text,
    made_by text not null,
    made_at bigint not null,
    moved_at bigint not null,
    promoted_by text,
    promoted_at bigint,
    ended_at bigint
  )`,
  `create unique index repairs_open_key on repairs (key) where ended_at is null`,
  'create index repairs_script on repairs (script, id)',
]
