/** One version of the schema, never edited. */
export const auditTables: string[] = [
  // What only a holder of the audit key can have written (`audit/key/`).
  'alter table inbox add column seal text',
  'alter table authority_log add column seal text',
  // Signed heads of all journals: `body` has the runs that changed since the one before, each with its last event.
  `create table audit_heads (
    no {key},
    identity text not null,
    at bigint not null,
    previous text not null,
    upto bigint not null,
    acts bigint not null,
    acts_hash text not null,
    digest text not null,
    body text,
    hash text not null,
    public_key text not null,
    signature text not null
  )`,
]
