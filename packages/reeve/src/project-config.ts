import { toUsd } from './base/money.ts'
import { wholeNumber } from './base/numbers.ts'
import { checkText } from './base/text.ts'
import { toMs } from './base/time.ts'
import type { ProjectConfig, QueueConfig } from './project.ts'

/**
 * Refuses what a project's configuration cannot mean, before anything runs by it.
 * @throws `bad-text` `bad-number` `bad-duration` `bad-amount`
 */
export function checkConfig(config: ProjectConfig): void {
  for (const [name, queue] of Object.entries(config.queues ?? {})) {
    checkText(name, 'The name of a queue')
    checkQueue(`queues.${name}`, queue)
  }
  for (const name of Object.keys(config.schedules ?? {})) checkText(name, 'The name of a schedule')
  for (const name of Object.keys(config.routes ?? {})) checkText(name, 'The name of a route')
  for (const [status, age] of Object.entries(config.retention ?? {})) {
    if (age !== undefined) toMs(age, `retention.${status}`)
  }
  const { project, day, workflows = {}, agents = {} } = config.budgets ?? {}
  const ceilings = { project, day, ...workflows, ...agents }
  for (const [scope, amount] of Object.entries(ceilings)) {
    if (amount !== undefined) toUsd(amount, `The budget of "${scope}"`)
  }
}

function checkQueue(what: string, { concurrency, perKey, rate }: QueueConfig): void {
  if (concurrency !== undefined) wholeNumber(concurrency, `${what}.concurrency`)
  if (perKey !== undefined) wholeNumber(perKey, `${what}.perKey`)
  if (rate === undefined) return
  wholeNumber(rate.count, `${what}.rate.count`)
  wholeNumber(Math.ceil(toMs(rate.per, `${what}.rate.per`)), `${what}.rate.per (in ms)`)
}
