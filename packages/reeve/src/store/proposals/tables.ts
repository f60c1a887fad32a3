/** A version of the schema (`schema-versions.ts`), never edited once released: what a machine would change and a person decides. */
export const proposalTables: string[] = [
  // `body`: JSON of what would change and what it rests on; `hash`: of kind, title and body, which whoever decides names.
  `create table proposals (
    id text primary key,
    kind text not null,
    title text not null,
    body text not null,
    hash text not null,
    key text not null,
    made_by text not null,
    made_at bigint not null,
    status text not null,
    decided_by text,
    decided_at bigint,
    note text,
    carried_out_at bigint,
    problem text
  )`,
  // Of what would change the same thing one is open at most.
  `create unique index proposals_open_key on proposals (key) where status = 'open'`,
  'create index proposals_status on proposals (status, id)',
  'create index proposals_kind on proposals (kind, id)',
  `create index proposals_unfinished on proposals (id) where carried_out_at is null and status in ('adopted', 'withdrawn')`,
]
