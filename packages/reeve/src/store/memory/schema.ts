import type { Migration } from '../dialect.ts'

/**
 * Items of memory, and the indexes that find them by words: FTS5 on SQLite, kept by triggers, and a column of Postgres's
 * own. Memories of before get their words and vectors from whoever next opens the database to work on it: until then the
 * embedder named '' has them.
 */
export const itemsVersion: Migration[] = [
  `create table items (
no {serial},
    id text not null,
    version bigint not null,
    kind text not null,
    scope {path} not null,
    hash text not null,
    length bigint not null,
    embedder {path} not null,
    dimensions bigint,
    document text,
    untrusted bigint not null,
    run text,
    step bigint,
    valid_from bigint,
    valid_until bigint,
    at bigint not null,
    ended_at bigint,
    ended_as text,
    marks text not null,
    title text not null,
    heading text not null,
    text text not null,
    title_terms text not null,
    heading_terms text not null,
    body_terms text not null,
    vector {bytes},
    source text not null,
    ended_by text,
    ended_why text
  )`,
  {
    sqlite: [
      `create virtual table item_words using fts5(title_terms, heading_terms, body_terms, marks,
        content = 'items', content_rowid = 'no', tokenize = 'unicode61 remove_diacritics 0')`,
      `create virtual table item_vocabulary using fts5vocab(item_words, 'row')`,
      `create trigger items_added after insert on items begin
        insert into item_words (rowid, title_terms, heading_terms, body_terms, marks)
        values (new.no, new.title_terms, new.heading_terms, new.body_terms, new.marks);
      end`,
      `create trigger items_removed after delete on items begin
        insert into item_words (item_words, rowid, title_terms, heading_terms, body_terms, marks)
        values ('delete', old.no, old.title_terms, old.heading_terms, old.body_terms, old.marks);
      end`,
      `create trigger items_reworded after update of title_terms, heading_terms, body_terms, marks on items begin
        insert into item_words (item_words, rowid, title_terms, heading_terms, body_terms, marks)
        values ('delete', old.no, old.title_terms, old.heading_terms, old.body_terms, old.marks);
        insert into item_words (rowid, title_terms, heading_terms, body_terms, marks)
        values (new.no, new.title_terms, new.heading_terms, new.body_terms, new.marks);
      end`,
    ],
    postgres: [
      `alter table items add column words tsvector generated always as (array_to_tsvector(array_remove(
        string_to_array(title_terms || ' ' || heading_terms || ' ' || body_terms || ' ' || marks, ' '), ''))) stored`,
      'create index items_words on items using gin (words)',
    ],
  },
  `insert into items (id, version, kind, scope, marks, title, heading, text, hash, title_terms, heading_terms, body_terms,
      length, embedder, source, untrusted, run, step, at, ended_at, ended_as)
    select id, 1, 'fact', scope, 'KFACT', title, '', text, hash, '', '', '', 0, '', source, untrusted, run, step, at,
      ended_at, ended_as from memories`,
  'drop table memories',
  'create unique index items_version on items (id, version)',
  'create unique index items_step on items (run, step) where run is not null',
  // With all that says who may be found, so that counting and choosing read no items.
  `create index items_scope on items (scope, no, kind, untrusted, valid_from, valid_until, embedder, length)
    where ended_at is null`,
  'create index items_document on items (document) where document is not null',
  'create index items_embedder on items (embedder, no)',
  'create index items_embedded on items (embedder) where vector is not null and ended_at is null',
  'create index items_ended on items (ended_at) where ended_at is not null',
  // One bit a dimension of many vectors in a row.
  `create table item_blocks (
    embedder {path} not null,
    first_no bigint not null,
    last_no bigint not null,
    numbers {bytes} not null,
    signs {bytes} not null,
    primary key (embedder, first_no)
  )`,
  // The words that a misspelt one may mean, by their trigrams.
  'create table item_grams (gram {path} not null, term {path} not null, primary key (gram, term))',
  // What was read of the files of knowledge: by their hashes, only what changed is read again.
  `create table documents (
    id text primary key,
    place text not null,
    file text not null,
    hash text not null,
    at bigint not null
  )`,
  'create index documents_place on documents (place, file)',
  `create table document_files (
    place text not null,
    file text not null,
    mark text not null,
    primary key (place, file)
  )`,
]
