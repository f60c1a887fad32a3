import { z } from 'zod'
import type { AnyAgent } from '../../../agents/agent.ts'
import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { nameAdvice } from '../../../base/text/nearest-name.ts'
import { toMs } from '../../../base/time/time.ts'
import type { PreparedGrant } from '../../../governance/grants/grant.ts'
import { workMetrics } from '../../../inspect/health/work-metrics.ts'
import { listAllPrincipals } from '../../../store/identity/principals.ts'
import { read } from '../../http/endpoint.ts'
import { metricsByDay, metricsQuery } from '../metrics-shapes.ts'
import { iso, json, name, time } from '../parts.ts'

export const grantInCode = z.object({
  id: name,
  tool: name.describe('`*` stands for any part of a name'),
  conditions: json.describe('What else must hold: arguments, rate, window, budgets, as the code has them'),
  asks: z.boolean().describe('A person is asked before each call'),
  expiresAt: time.nullable(),
})

const agent = z.object({
  name,
  role: z.enum(['worker', 'coordinator', 'persona']),
  description: z.string(),
  owner: z.string().describe('Who answers for it'),
  route: name,
  tools: z.array(z.object({ name, description: z.string(), risk: z.enum(['low', 'medium', 'high']) })),
  team: z.array(name),
  memory: z.array(z.string()).describe('Scopes that it may search'),
  limits: z.object({
    iterations: z.number(),
    tokens: z.number().nullable().describe('null: no limit of its own'),
    costUsd: z.number().nullable(),
    timeMs: z.number().nullable(),
  }),
  grants: z.array(grantInCode),
  isRevoked: z.boolean(),
})

const list = read({
  path: '/api/agents',
  role: 'viewer',
  summary: 'List the agents of this project with their contracts: what each may do, and who answers for it',
  answer: z.object({ items: z.array(agent) }),
  async tell({ service: { project, database } }) {
    const known = await listAllPrincipals(database)
    const revoked = new Set(known.filter(({ ended_at }) => ended_at !== null).map((row) => row.name))
    return { items: project.agents.map((each) => view(each, revoked.has(`agent:${each.name}`))) }
  },
})

const metrics = read({
  path: '/api/agents/:agent/metrics',
  role: 'viewer',
  summary: 'Get the metrics of an agent, in all and by day',
  description:
    'Of the newest 1,000 runs that ended, those whose journals have an end of the agent in their first 500 events: its turns, what its calls asked people, and what they cost.',
  params: z.strictObject({ agent: name }),
  query: metricsQuery,
  answer: metricsByDay,
  async tell({ service: { database, clock, project }, params, query }) {
    const known = project.agents.map((each) => each.name)
    if (!known.includes(params.agent))
      throw new ReeveError(
        'unknown-principal',
        `There is no agent "${params.agent}". ${nameAdvice(params.agent, known)}`,
      )
    const since = clock.now() - toMs(query.since, 'since')
    return workMetrics(database, { kind: 'agent', agent: params.agent }, since)
  },
})

function view(its: AnyAgent, isRevoked: boolean): z.input<typeof agent> {
  const { limits } = its
  return {
    name: its.name,
    role: its.role,
    description: its.description,
    owner: its.owner,
    route: its.route,
    tools: its.tools.map(({ name: called, description, risk }) => ({ name: called, description, risk })),
    team: its.team.map((member) => member.name),
    memory: [...its.memory],
    limits: {
      iterations: limits.iterations,
      tokens: Number.isFinite(limits.tokens) ? limits.tokens : null,
      costUsd: limits.costUsd ?? null,
      timeMs: limits.timeMs ?? null,
    },
    grants: its.grants.map(viewGrant),
    isRevoked,
  }
}

export function viewGrant({ id, source, expiresAt }: PreparedGrant): z.input<typeof grantInCode> {
  const { id: _, tool, asks = false, expires: __, ...conditions } = source
  return {
    id,
    tool,
    conditions: JSON.parse(JSON.stringify(conditions)) as Json,
    asks,
    expiresAt: Number.isFinite(expiresAt) ? iso(expiresAt) : null,
  }
}

export const agents = { list, metrics }
