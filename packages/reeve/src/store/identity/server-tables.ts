/** A version of the schema (`schema-versions.ts`), never edited once released: who asks over HTTP, and what is asked there. */
export const serverTables: string[] = [
  // Who may sign in or ask over HTTP. `ended_at`: removed; the name stays taken, for journals name it.
  `create table principals (
  name text primary key,
  kind text not null,
  role text not null,
  created_at bigint not null,
  created_by text not null,
  ended_at bigint
)`,
  // Browsers that are signed in, by the SHA-256 of what their cookie holds.
  `create table sessions (
  hash text primary key,
  principal text not null,
  created_at bigint not null,
  seen_at bigint not null,
  expires_at bigint not null
)`,
  'create index sessions_principal on sessions (principal)',
  'create index sessions_expiry on sessions (expires_at)',
  // Of programs (`access`) and of sign-in links (`sign-in`, once), by the SHA-256 of what was handed out.
  `create table tokens (
  id text primary key,
  hash text not null unique,
  kind text not null,
  principal text not null,
  name text not null,
  role text not null,
  created_at bigint not null,
  created_by text not null,
  expires_at bigint,
  used_at bigint,
  ended_at bigint
)`,
  'create index tokens_principal on tokens (principal)',
  // Writes over HTTP that came with an idempotency key: what they were, and what they were about.
  `create table api_requests (
  principal text not null,
  key text not null,
  digest text not null,
  subject text,
  at bigint not null,
  primary key (principal, key)
)`,
  'create index api_requests_at on api_requests (at)',
  // Actions on all runs that a filter finds: how far each has come.
  `create table bulk_actions (
  id text primary key,
  action text not null,
  filter text not null,
  created_by text not null,
  status text not null,
  place text,
  done bigint not null default 0,
  refused bigint not null default 0,
  problem text,
  created_at bigint not null,
  moved_at bigint not null,
  ended_at bigint
)`,
  `create index bulk_actions_open on bulk_actions (created_at) where status = 'running'`,
  'create index bulk_actions_ended on bulk_actions (ended_at) where ended_at is not null',
]
