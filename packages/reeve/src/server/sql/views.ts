import { quoted } from '../../store/journal/events.ts'

/** A table that `reeve sql` and `POST /api/sql` can be asked about. Times are milliseconds since 1970. */
export interface SqlView {
  name: string
  about: string
  columns: readonly string[]
  /** What it is made of; `{tables}` stands before the names of tables. */
  sql: string
}

export const sqlViews: readonly SqlView[] = [
  {
    name: 'runs',
    about: 'every run',
    columns: [
      'id',
      'workflow',
      'version',
      'status',
      'paused',
      'reason',
      'queue',
      'key',
      'priority',
      'principal',
      'parent',
      'created_at',
      'ended_at',
      'cost_usd',
    ],
    sql: `select r.id, r.workflow, r.version, r.status, r.paused, r.reason, r.queue, r.key, r.priority, r.principal,
        (select a.id from {tables}runs a where a.no = r.parent) as parent, r.created_at, r.ended_at,
        (select cast(coalesce(sum(c.nanousd), 0) as double precision) / 1000000000 from {tables}model_calls c
          where c.run = r.no) as cost_usd
      from {tables}runs r`,
  },
  {
    name: 'steps',
    about: 'every step that settled: `outcome` is completed or failed',
    columns: ['run', 'workflow', 'call', 'name', 'outcome', 'at'],
    sql: `select r.id as run, r.workflow, e.step as call, e.name, substr(e.type, 6) as outcome, e.at
      from {tables}events e join {tables}runs r on r.no = e.run where e.type in (${quoted('step-completed', 'step-failed')})`,
  },
  {
    name: 'effects',
    about: 'what became of effects: `event` is intended, completed, failed, unknown or retrying',
    columns: ['run', 'workflow', 'call', 'name', 'event', 'at'],
    sql: `select r.id as run, r.workflow, e.step as call, e.name, substr(e.type, 8) as event, e.at
      from {tables}events e join {tables}runs r on r.no = e.run
      where e.type in (${quoted('effect-intended', 'effect-completed', 'effect-failed', 'effect-unknown', 'effect-retrying')})`,
  },
  {
    name: 'model_calls',
    about: 'every paid call of a model',
    columns: [
      'run',
      'workflow',
      'agent',
      'model',
      'at',
      'outcome',
      'cost_usd',
      'input_tokens',
      'output_tokens',
      'cached_tokens',
    ],
    sql: `select c.run_id as run, c.workflow, c.agent, c.model, c.at, c.outcome,
        cast(c.nanousd as double precision) / 1000000000 as cost_usd, c.input_tokens, c.output_tokens, c.cached_tokens
      from {tables}model_calls c`,
  },
  {
    name: 'approvals',
    about: 'what people were asked, and what they said',
    columns: [
      'id',
      'run',
      'workflow',
      'call',
      'kind',
      'subject',
      'status',
      'requested_at',
      'expires_at',
      'decided_at',
      'decided_by',
      'note',
    ],
    sql: `select a.id, r.id as run, r.workflow, a.step as call, a.kind, a.subject, a.status, a.requested_at, a.expires_at,
        a.decided_at, a.decided_by, a.note
      from {tables}approvals a join {tables}runs r on r.no = a.run`,
  },
]

/** A query over the views. Its text was looked at before (`refuseUnsafe`); a name means the view, not a table of that name. */
export function overViews(sql: string, schema: string, limit: number): string {
  const tables = `"${schema.replaceAll('"', '""')}".`
  const views = sqlViews.map((view) => `${view.name} as (${view.sql.replaceAll('{tables}', () => tables)})`)
  return `with ${views.join(', ')} select * from (\n${sql}\n) as asked limit ${limit}`
}

/** For the help of the command. */
export const viewsHelp = `
Views (times are milliseconds since 1970):
${sqlViews.map(({ name, about, columns }) => `  ${name}  ${about}\n    ${columns.join(', ')}`).join('\n')}

  reeve sql "select workflow, count(*) as failed from runs where status = 'failed' group by workflow"`
