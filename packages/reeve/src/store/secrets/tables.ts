/** A version of the schema (`schema-versions.ts`), never edited once released. */
export const secretTables: string[] = [
  // What is sealed is base64url: text of AES-256-GCM with its tag. `ended_at`: another value took its place; null: it is in use.
  `create table secrets (
    name text not null,
    version bigint not null,
    sealed text not null,
    nonce text not null,
    key_id text not null,
    set_at bigint not null,
    set_by text not null,
    used_at bigint,
    ended_at bigint,
    primary key (name, version)
  )`,
  // Grows with each change of a secret, in the transaction of that change.
  `insert into meta (name, value) values ('secrets-version', '0')`,
]
