/** A version of the schema (`schema-versions.ts`), never edited once released: who acts, and what the database says of them. */
export const authorityTables: string[] = [
  // Agents and workflows are principals too; only people and services have a role.
  'alter table principals rename to principals_before',
  `create table principals (
    name text primary key,
    kind text not null,
    role text,
    created_at bigint not null,
    created_by text not null,
    ended_at bigint
  )`,
  'insert into principals select name, kind, role, created_at, created_by, ended_at from principals_before',
  'drop table principals_before',
  // Users of the operating system, each as the one principal that it is here.
  `create table local_users (
    local_user text primary key,
    principal text not null,
    mapped_at bigint not null,
    mapped_by text not null
  )`,
  // What is taken from, or added to, the grants that principals have in code. `change`: JSON.
  `create table grant_changes (
    id text primary key,
    principal text not null,
    change text not null,
    why text,
    made_by text not null,
    made_at bigint not null,
    ends_at bigint,
    undone_by text,
    undone_at bigint
  )`,
  'create index grant_changes_open on grant_changes (principal) where undone_at is null',
  // '' stands for any; a row without names holds for every call.
  `create table switches (
    agent text not null,
    tool text not null,
    connector text not null,
    mode text not null,
    why text,
    set_by text not null,
    set_at bigint not null,
    primary key (agent, tool, connector)
  )`,
  // Which grants and tools the code gave to an agent or workflow, from when on. `ceiling`: JSON.
  `create table grant_ceilings (
    principal text not null,
    no bigint not null,
    hash text not null,
    ceiling text not null,
    seen_at bigint not null,
    primary key (principal, no)
  )`,
  // Grows with each change of who may do what (`authority/version.ts`).
  `insert into meta (name, value) values ('authority-version', '0')`,
]
