/** A version of the schema (`schema-versions.ts`), never edited once released: asking people, and what they said for later. */
export const approvalTables: string[] = [
  // When something is to be told of a request; who sent what it is about; which remembered permission decided it.
  'alter table approvals add column due_at bigint',
  'alter table approvals add column sender text',
  'alter table approvals add column crowd text',
  'alter table approvals add column permission text',
  `create index approvals_due on approvals (due_at) where status = 'pending' and due_at is not null`,
  `create index approvals_sender on approvals (sender, requested_at, id)
    where status = 'pending' and sender is not null`,
  `create index approvals_crowd on approvals (crowd, requested_at, id)
    where status = 'pending' and crowd is not null`,
  'create index approvals_decider on approvals (decided_by, decided_at) where decided_by is not null',
  `create table approval_notices (
    id {serial},
    approval text not null,
    kind text not null,
    at bigint not null
  )`,
  // Decisions that hold for later calls. `arguments`: JSON of those that must be the same.
  `create table permissions (
    id text primary key,
    agent text,
    workflow text not null,
    tool text not null,
    arguments text not null,
    exact bigint not null,
    definition text,
    approval text not null,
    granted_by text not null,
    created_at bigint not null,
    expires_at bigint not null,
    ended_at bigint,
    ended_by text
  )`,
  'create index permissions_open on permissions (tool) where ended_at is null',
  // Links with which one person decides one request once, by the SHA-256 of what stands in them.
  `create table approval_links (
    hash text primary key,
    approval text not null,
    args_hash text not null,
    principal text not null,
    created_at bigint not null,
    created_by text not null,
    expires_at bigint not null,
    used_at bigint
  )`,
  'create index approval_links_approval on approval_links (approval)',
]

/** A version of the schema of its own: who of several approved, and who asked whom. Never edited once released. */
export const voteTables: string[] = [
  // Who of several approved; who asked whom to decide instead; what is to be told to people who may decide.
  `create table approval_votes (
    approval text not null,
    hash text not null,
    seat text not null,
    voter text not null,
    note text,
    answer text,
    at bigint not null,
    primary key (approval, hash, seat)
  )`,
  `create table approval_delegations (
    approval text not null,
    giver text not null,
    receiver text not null,
    note text,
    at bigint not null,
    primary key (approval, giver)
  )`,
]
