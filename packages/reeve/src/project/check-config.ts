import { repairSettings } from '../autonomy/repair/settings.ts'
import { ReeveError } from '../base/errors.ts'
import { toUsd } from '../base/money.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkOption, checkOptions, type OptionRule, refuseUnknownOptions } from '../base/options.ts'
import { describeValue } from '../base/text/shorten.ts'
import { checkText } from '../base/text/text.ts'
import { toMs } from '../base/time/time.ts'
import type { ScheduleDefinition } from '../engine/starting/schedule-times.ts'
import { checkMemoryRetention } from '../memory/retention.ts'
import type { BudgetPlan } from '../models/asking/budget.ts'
import type { RouteDefinition } from '../models/route/route.ts'
import type { ApprovalRules } from '../store/approvals/rules.ts'
import { checkServer } from '../tools/mcp/definition/server-definition.ts'
import { type LearningConfig, type ProjectConfig, type QueueConfig, retentionWords } from './config.ts'

const shape = {
  name: 'text',
  routes: 'object',
  embedders: 'object',
  knowledge: 'texts',
  memory: 'object',
  queues: 'object',
  schedules: 'object',
  retention: 'object',
  budgets: 'object',
  repair: 'object',
  approvals: 'object',
  prices: 'object',
  tools: 'list',
  agents: 'objects',
  secrets: 'object',
  daemons: 'objects',
  goals: 'objects',
  connectors: 'object',
  sandbox: 'flag',
  learning: 'object',
  mcp: 'object',
  services: 'function',
} as const satisfies Record<keyof ProjectConfig, OptionRule>

/** What each object of the configuration may have. */
const parts = {
  queue: ['concurrency', 'perKey', 'rate'] satisfies (keyof QueueConfig)[],
  retention: Object.keys(retentionWords),
  learning: [
    'at',
    'zone',
    'since',
    'lessons',
    'training',
    'withheld',
    'route',
    'budget',
  ] satisfies (keyof LearningConfig)[],
  rate: ['count', 'per'] satisfies (keyof NonNullable<QueueConfig['rate']>)[],
  schedule: ['workflow', 'cron', 'zone', 'input', 'catchUp'] satisfies (keyof ScheduleDefinition)[],
  route: [
    'solvers',
    'minConfidence',
    'maxHeals',
    'timeoutMs',
    'maxRetries',
    'maxRetryWaitMs',
    'promptCache',
  ] satisfies (keyof RouteDefinition)[],
  approvals: ['perSender', 'perChannel', 'hastyPerHour', 'secondLook'] satisfies (keyof ApprovalRules)[],
  budgets: ['project', 'day', 'workflows', 'agents', 'whenExhausted'] satisfies (keyof BudgetPlan)[],
}

/**
 * Refuses what a project's configuration cannot mean, before anything runs by it.
 * @throws `bad-config` `bad-mcp-server` `bad-schedule` `bad-text` `bad-number` `bad-duration` `bad-amount`
 */
export function checkConfig(config: ProjectConfig): void {
  checkOptions(config, 'the project', shape, 'bad-config')
  refuseUnknownOptions(config, 'The configuration', Object.keys(shape), 'bad-config')
  refuseUnknownOptions(config.retention, '`retention`', parts.retention, 'bad-config')
  refuseUnknownOptions(config.budgets, '`budgets`', parts.budgets, 'bad-config')
  repairSettings(config.repair)
  for (const [name, queue] of Object.entries(config.queues ?? {})) {
    checkText(name, 'The name of a queue')
    checkQueue(`queues.${name}`, queue)
  }
  for (const [name, schedule] of Object.entries(config.schedules ?? {})) {
    checkText(name, 'The name of a schedule')
    refuseUnknownOptions(schedule, `Schedule "${name}"`, parts.schedule, 'bad-schedule')
  }
  for (const name of Object.keys(config.routes ?? {})) checkText(name, 'The name of a route')
  for (const [status, age] of Object.entries(config.retention ?? {})) {
    if (age !== undefined) toMs(age, `retention.${status}`)
  }
  for (const [name, route] of Object.entries(config.routes ?? {})) {
    refuseUnknownOptions(route, `Route "${name}"`, parts.route, 'bad-config')
    checkOptions(route, `route "${name}"`, { solvers: 'list!' }, 'bad-config')
  }
  for (const [name, server] of Object.entries(config.mcp ?? {})) {
    checkOption(server, `mcp.${name}`, 'object!', 'bad-mcp-server')
    checkServer({ ...server, name })
  }
  refuseUnknownOptions(config.memory, '`memory`', ['scopes', 'retention'], 'bad-config')
  checkMemoryRetention(config.memory?.retention)
  refuseUnknownOptions(config.secrets, '`secrets`', ['fromEnvironment'], 'bad-config')
  if (config.secrets !== undefined)
    checkOptions(config.secrets, 'the secrets', { fromEnvironment: ['flag', 'texts'] }, 'bad-config')
  checkLearning(config.learning)
  const { approvals = {}, budgets = {} } = config
  refuseUnknownOptions(approvals, '`approvals`', parts.approvals, 'bad-config')
  checkOptions(approvals, 'the approvals', { secondLook: 'flag' }, 'bad-config')
  for (const name of ['perSender', 'perChannel', 'hastyPerHour'] as const)
    if (approvals[name] !== undefined) wholeNumber(approvals[name], `approvals.${name}`)
  checkOptions(budgets, 'the budgets', { workflows: 'object', agents: 'object' }, 'bad-config')
  const { project, day, workflows = {}, agents = {} } = budgets
  const ceilings = { project, day, ...workflows, ...agents }
  for (const [scope, amount] of Object.entries(ceilings)) {
    if (amount !== undefined) toUsd(amount, `The budget of "${scope}"`)
  }
}

function checkLearning(learning: LearningConfig | undefined): void {
  if (learning === undefined) return
  refuseUnknownOptions(learning, '`learning`', parts.learning, 'bad-config')
  checkOptions(learning, 'the learning', { at: 'text', zone: 'text', route: 'text' }, 'bad-config')
  const { since, withheld, budget, lessons, training } = learning
  if (since !== undefined) toMs(since, 'learning.since')
  if (withheld !== undefined) wholeNumber(withheld, 'learning.withheld', { least: 1, most: 90 })
  if (budget !== undefined) toUsd(budget, 'learning.budget')
  for (const [name, way] of Object.entries({ lessons, training }))
    if (way !== undefined && way !== 'adopt' && way !== 'propose')
      throw new ReeveError(
        'bad-config',
        `learning.${name} is ${describeValue(way)}; it must be 'adopt' or 'propose'.`,
      )
}

function checkQueue(what: string, queue: QueueConfig): void {
  checkOption(queue, what, 'object!', 'bad-config')
  refuseUnknownOptions(queue, `\`${what}\``, parts.queue, 'bad-config')
  const { concurrency, perKey, rate } = queue
  if (concurrency !== undefined) wholeNumber(concurrency, `${what}.concurrency`)
  if (perKey !== undefined) wholeNumber(perKey, `${what}.perKey`)
  if (rate === undefined) return
  checkOption(rate, `${what}.rate`, 'object', 'bad-config')
  refuseUnknownOptions(rate, `\`${what}.rate\``, parts.rate, 'bad-config')
  wholeNumber(rate.count, `${what}.rate.count`)
  wholeNumber(Math.ceil(toMs(rate.per, `${what}.rate.per`)), `${what}.rate.per (in ms)`)
}
