/** The tables of triggers, and of what follows all journals. */
export const triggerTables: string[] = [
  // What came to triggers, by what names it: a repeat is recognised for as long as its row is kept.
  `create table deliveries (
      source text not null,
      delivery text not null,
      outcome text not null,
      reason text,
      run text,
      at bigint not null,
      primary key (source, delivery)
    )`,
  'create index deliveries_of_source on deliveries (source, at)',
  'create index deliveries_at on deliveries (at)',
  // How far followers of all journals have come, and which worker follows.
  `create table cursors (
      name text primary key,
      place text not null,
      holder text
    )`,
]
