/** A version of the schema (`schema-versions.ts`), never edited once released: lessons that are in force, and trained classifiers. */
export const learningTables: string[] = [
  // `id`: of the proposal that was adopted, and of the item of memory that has its words. `condition`, `measured`: JSON.
  `create table lessons (
    id text primary key,
    workflow text not null,
    question text,
    condition text,
    act text not null,
    withheld bigint not null,
    adopted_at bigint not null,
    ended_at bigint,
    ended_why text,
    measured text
  )`,
  'create index lessons_in_force on lessons (id) where ended_at is null',
  // `summary`: JSON of what it was trained with and how it did on held-back cases. `bytes`: of those that may be used.
  `create table trainings (
    id text primary key,
    learner text not null,
    made_at bigint not null,
    data_hash text not null,
    status text not null,
    summary text not null,
    bytes {bytes}
  )`,
  'create index trainings_of_learner on trainings (learner, id)',
]
