/** A version of the schema (`schema-versions.ts`), never edited once released: what evaluations came to. */
export const evalTables: string[] = [
  // `summary`: JSON of what its scorers say, without the cases.
  `create table eval_results (
    id text primary key,
    name text not null,
    at bigint not null,
    run_by text not null,
    data_hash text not null,
    verdict text not null,
    baseline text,
    summary text not null
  )`,
  'create index eval_results_name on eval_results (name, at desc, id)',
  'create index eval_results_at on eval_results (at, id)',
  // `result`: JSON of one case, its outcome and its scores.
  `create table eval_cases (
    eval text not null,
    no bigint not null,
    case_id text not null,
    result text not null,
    primary key (eval, no)
  )`,
]
