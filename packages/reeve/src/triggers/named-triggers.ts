import { ReeveError } from '../base/errors.ts'
import type { ScheduleDefinition } from '../engine/starting/schedule-times.ts'
import type { Trigger } from '../engine/starting/trigger.ts'
import type { Workflow } from '../engine/workflow.ts'
import type { Channel } from '../store/journal/vocabulary/channel.ts'
import type { EventTrigger } from './event.ts'
import type { FilesTrigger, Folder } from './files.ts'
import type { MailTrigger } from './mail.ts'
import type { ScheduleTrigger } from './schedule.ts'
import { checkTriggerName, type Hook, type WebhookTrigger } from './webhook.ts'

/** A trigger that asks a service again and again. Connectors make them. */
export interface ServiceTrigger extends Trigger {
  readonly on: 'service'
  /** The connection, by its name. */
  readonly connection: string
  /** The trigger of the connector. */
  readonly source: string
  /** Of the runs that it starts. */
  readonly channel: Channel
}

export type AnyTrigger =
  | WebhookTrigger
  | ScheduleTrigger
  | MailTrigger
  | FilesTrigger
  | EventTrigger
  | ServiceTrigger

/** A trigger of a project: unique by its name. */
export interface NamedTrigger<T extends AnyTrigger = AnyTrigger> {
  name: string
  /** The workflow that it starts. */
  workflow: string
  trigger: T
}

/** The door that others post to; undefined: it has none. */
export function hookOf(trigger: AnyTrigger): Hook | undefined {
  if (trigger.on === 'webhook') return trigger
  return trigger.on === 'mail' ? trigger.hook : undefined
}

/** The folder that is watched; undefined: none is. */
export function folderOf(trigger: AnyTrigger): Folder | undefined {
  if (trigger.on === 'files') return trigger
  return trigger.on === 'mail' ? trigger.folder : undefined
}

/** Where others post to. */
export function hookPath(name: string): string {
  return `/hooks/${name}`
}

/**
 * The triggers of a project, by name. One without a name has that of its workflow, and behind a dot what it is, unless it is a
 * webhook: so that a trigger that is added renames none.
 * @throws `bad-trigger`
 */
export function namedTriggers(workflows: readonly Workflow[]): Map<string, NamedTrigger> {
  const named = new Map<string, NamedTrigger>()
  for (const workflow of current(workflows)) {
    for (const trigger of workflow.on as readonly AnyTrigger[]) {
      const name = nameOf(workflow.name, trigger)
      const other = named.get(name)
      if (other) {
        throw new ReeveError(
          'bad-trigger',
          `Two triggers are named "${name}": of workflow "${other.workflow}" (${other.trigger.on}) and of "${workflow.name}" (${trigger.on}). Give one of them another \`name\`.`,
        )
      }
      named.set(name, { name, workflow: workflow.name, trigger })
    }
  }
  return named
}

/** Of several versions of a workflow the last one is started. */
function current(workflows: readonly Workflow[]): Iterable<Workflow> {
  return new Map(workflows.map((workflow) => [workflow.name, workflow])).values()
}

function nameOf(workflow: string, { name, on }: AnyTrigger): string {
  if (name !== undefined) return name
  const made = on === 'webhook' ? workflow : `${workflow}.${on}`
  try {
    checkTriggerName(made)
  } catch (cause) {
    throw new ReeveError(
      'bad-trigger',
      `A ${on} trigger of workflow "${workflow}" needs a \`name\` of its own: the name of the workflow cannot be part of an address.`,
      { cause },
    )
  }
  return made
}

/** Those of one kind. */
export function triggersOn<On extends AnyTrigger['on']>(
  named: Iterable<NamedTrigger>,
  on: On,
): NamedTrigger<Extract<AnyTrigger, { on: On }>>[] {
  return [...named].filter(({ trigger }) => trigger.on === on) as never
}

/**
 * The schedules that workflows declare, beside those of the configuration.
 * @throws `bad-trigger` when both have one of the same name
 */
export function schedulesWith(
  named: Iterable<NamedTrigger>,
  configured: Readonly<Record<string, ScheduleDefinition>>,
): Record<string, ScheduleDefinition> {
  const all: Record<string, ScheduleDefinition> = { ...configured }
  for (const { name, workflow, trigger } of triggersOn(named, 'schedule')) {
    if (Object.hasOwn(all, name)) {
      throw new ReeveError(
        'bad-trigger',
        `The schedule "${name}" is declared in the configuration and in workflow "${workflow}". Keep one of them.`,
      )
    }
    all[name] = { workflow, ...trigger.definition }
  }
  return all
}
