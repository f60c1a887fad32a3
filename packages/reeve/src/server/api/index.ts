import type { Endpoint } from '../http/endpoint.ts'
import { daemons } from './autonomy/daemons.ts'
import { directives, scripts } from './autonomy/directives.ts'
import { goals } from './autonomy/goals.ts'
import { ledger } from './autonomy/ledger.ts'
import { repairs } from './autonomy/repairs.ts'
import { connectors } from './connect/connectors.ts'
import { mcpServers } from './connect/mcp-servers.ts'
import { tools } from './connect/tools.ts'
import { approvals } from './decide/approvals.ts'
import { permissions } from './decide/permissions.ts'
import { proposals } from './decide/proposals.ts'
import { waiting } from './decide/waiting.ts'
import { memory } from './know/memory.ts'
import { evals } from './learn/evals.ts'
import { failures } from './learn/failures.ts'
import { lessons } from './learn/lessons.ts'
import { agents } from './people/agents.ts'
import { grants } from './people/grants.ts'
import { levels } from './people/levels.ts'
import { policy } from './people/policy.ts'
import { principals } from './people/principals.ts'
import { secrets } from './people/secrets.ts'
import { switches } from './people/switches.ts'
import { tokens } from './people/tokens.ts'
import { bulk } from './runs/bulk.ts'
import { logs } from './runs/logs.ts'
import { runOverride } from './runs/override.ts'
import { runActions } from './runs/run-actions.ts'
import { runReads } from './runs/runs.ts'
import { runUndo } from './runs/undo.ts'
import { budgets } from './system/budgets.ts'
import { costs } from './system/costs.ts'
import { models } from './system/models.ts'
import { pause } from './system/pause.ts'
import { queues } from './system/queues.ts'
import { schedules } from './system/schedules.ts'
import { sql } from './system/sql.ts'
import { storage } from './system/storage.ts'
import { today } from './system/today.ts'
import { triggers } from './system/triggers.ts'
import { workers } from './system/workers.ts'
import { workflows } from './system/workflows.ts'

/** All endpoints, by resource. The client has the same names. */
export const api = {
  today,
  waiting,
  runs: { ...runReads, ...runActions, ...runOverride, ...runUndo },
  logs,
  bulk,
  approvals,
  permissions,
  proposals,
  repairs,
  workflows,
  agents,
  tools,
  queues,
  pause,
  schedules,
  triggers,
  connectors,
  mcpServers,
  budgets,
  costs,
  models,
  workers,
  storage,
  memory,
  daemons,
  ledger,
  goals,
  directives,
  scripts,
  evals,
  failures,
  lessons,
  sql,
  principals,
  grants,
  policy,
  switches,
  levels,
  tokens,
  secrets,
}

export type Api = typeof api

/** The same as a list. Fixed paths stand before those with parameters where both fit. */
export const endpoints: readonly Endpoint[] = Object.values(api)
  .flatMap((resource) => Object.values(resource) as unknown as Endpoint[])
  .sort((one, other) => one.path.split(':').length - other.path.split(':').length)
