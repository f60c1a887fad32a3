import type { Api } from '../server/api/index.ts'

type RouteOf<E> = E extends { method: infer M extends string; path: infer P extends string }
  ? `${M} ${P}`
  : never

/** Where each endpoint is. The types hold it to the server's own, to the last letter and in both directions. */
export const routes: { readonly [R in keyof Api]: { readonly [V in keyof Api[R]]: RouteOf<Api[R][V]> } } = {
  today: { one: 'GET /api/today' },
  waiting: {
    list: 'GET /api/waiting',
    count: 'GET /api/waiting/count',
    aside: 'GET /api/waiting/aside',
  },
  runs: {
    list: 'GET /api/runs',
    one: 'GET /api/runs/:run',
    input: 'GET /api/runs/:run/input',
    forkPlan: 'GET /api/runs/:run/fork-plan',
    story: 'GET /api/runs/:run/story',
    events: 'GET /api/runs/:run/events',
    start: 'POST /api/runs',
    cancel: 'POST /api/runs/:run/cancel',
    pause: 'POST /api/runs/:run/pause',
    resume: 'POST /api/runs/:run/resume',
    retry: 'POST /api/runs/:run/retry',
    fork: 'POST /api/runs/:run/fork',
    signal: 'POST /api/runs/:run/signal',
    planUndo: 'GET /api/runs/:run/undo',
    undo: 'POST /api/runs/:run/undo',
  },
  bulk: {
    list: 'GET /api/bulk',
    one: 'GET /api/bulk/:bulk',
    start: 'POST /api/bulk',
    stop: 'POST /api/bulk/:bulk/stop',
  },
  approvals: {
    list: 'GET /api/approvals',
    notices: 'GET /api/approvals/notices',
    one: 'GET /api/approvals/:approval',
    decide: 'POST /api/approvals/:approval/decide',
    decideMany: 'POST /api/approvals/decide-many',
    delegates: 'GET /api/approvals/:approval/delegates',
    delegate: 'POST /api/approvals/:approval/delegate',
    link: 'POST /api/approvals/:approval/link',
    preview: 'POST /api/approvals/:approval/preview',
  },
  permissions: { list: 'GET /api/permissions', revoke: 'DELETE /api/permissions/:permission' },
  workflows: {
    list: 'GET /api/workflows',
    one: 'GET /api/workflows/:workflow',
    metrics: 'GET /api/metrics/workflows',
  },
  queues: {
    list: 'GET /api/queues',
    pause: 'POST /api/queues/:queue/pause',
    resume: 'POST /api/queues/:queue/resume',
  },
  pause: { one: 'GET /api/pause', set: 'PUT /api/pause', end: 'DELETE /api/pause' },
  schedules: { list: 'GET /api/schedules', occurrences: 'GET /api/schedules/:schedule/occurrences' },
  triggers: { list: 'GET /api/triggers', deliveries: 'GET /api/triggers/:trigger/deliveries' },
  budgets: { list: 'GET /api/budgets', set: 'PUT /api/budgets/:scope' },
  costs: { list: 'GET /api/costs' },
  models: { list: 'GET /api/models' },
  workers: { list: 'GET /api/workers' },
  sql: { ask: 'POST /api/sql' },
  principals: {
    list: 'GET /api/principals',
    add: 'POST /api/principals',
    change: 'PUT /api/principals/:principal',
    remove: 'DELETE /api/principals/:principal',
    signOut: 'POST /api/principals/:principal/sign-out',
    link: 'POST /api/principals/:principal/sign-in-link',
    revoke: 'POST /api/principals/:principal/revoke',
    reinstate: 'POST /api/principals/:principal/reinstate',
  },
  grants: {
    list: 'GET /api/grants',
    add: 'POST /api/grants',
    undo: 'DELETE /api/grants/:change',
    who: 'GET /api/grants/who',
  },
  switches: { list: 'GET /api/switches', set: 'PUT /api/switches' },
  memory: {
    search: 'GET /api/memory',
    history: 'GET /api/memory/:item',
    amend: 'POST /api/memory/:item/amend',
    retract: 'POST /api/memory/:item/retract',
    preview: 'GET /api/memory/rollback',
    rollback: 'POST /api/memory/rollback',
  },
  secrets: {
    list: 'GET /api/secrets',
    set: 'PUT /api/secrets/:secret',
    remove: 'DELETE /api/secrets/:secret',
  },
  tokens: { list: 'GET /api/tokens', create: 'POST /api/tokens', revoke: 'DELETE /api/tokens/:token' },
}
