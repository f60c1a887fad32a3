/** A version of the schema (`schema-versions.ts`), never edited once released. */
export const connectorTables: string[] = [
  // How each account of each connection stands. `probe_at`: when it is looked at next, by whichever worker takes it first.
  // `refresh_until`: until then one process renews its token, and no other does.
  `create table connector_accounts (
    connection text not null,
    account text not null,
    mode text not null,
    state text not null,
    reason text,
    since bigint not null,
    identity text,
    scopes text,
    probed_at bigint,
    probe_at bigint not null,
    failures bigint not null default 0,
    refresh_until bigint not null default 0,
    refresh_by text,
    refreshes bigint not null default 0,
    connected_at bigint,
    connected_by text,
    primary key (connection, account, mode)
  )`,
  'create index connector_accounts_due on connector_accounts (probe_at)',
  // What the actions of a connection were, the oldest first: a run keeps to what held when it began. `accepted_at` null: an
  // owner has not said yes to it.
  `create table connector_versions (
    id {serial},
    connection text not null,
    version text not null,
    fingerprint text not null,
    contract text not null,
    mode text not null,
    seen_at bigint not null,
    accepted_at bigint,
    accepted_by text
  )`,
  'create index connector_versions_connection on connector_versions (connection, id)',
  // Calls that wait for something that many may wait for.
  `create table awaited (
    what text not null,
    run bigint not null,
    step bigint not null,
    primary key (what, run, step)
  )`,
  // How far a trigger has read that asks a service again and again; `until`: until then one process does so.
  `create table connector_cursors (
    name text primary key,
    cursor text,
    until bigint not null default 0,
    read_at bigint
  )`,
  // Where the stand-in of a service answers.
  `create table stand_ins (
    connection text primary key,
    url text not null,
    started_at bigint not null
  )`,
  // What a service said of its own limit, where that is lower than what was declared.
  'alter table call_rates add column learnt_count bigint',
  'alter table call_rates add column learnt_per_ms bigint',
]
