import { join } from 'node:path'
import { sha256 } from '../../../base/hash.ts'
import { canonical, type Json } from '../../../base/json/json.ts'
import { formatUsd } from '../../../base/money.ts'
import { toJsonSchema } from '../../../base/schema/schema.ts'
import type { WorkflowRegistry } from '../../../engine/workflow.ts'
import type { Directive } from '../../directives/directive.ts'
import type { GoalStanding } from '../../goals/goal-standing.ts'
import { type Script, scriptToolName } from '../../scripts/script.ts'
import { type CycleMemory, failuresUntilClosed } from '../cycle-memory.ts'
import type { DaemonState, KnownDirective } from '../daemon-state.ts'

/** A directive as a daemon needs it: what it may be given, and what executes it. */
export interface OpenDirective {
  name: string
  goal: string
  /** JSON Schema of its inputs. */
  schema: { [name: string]: Json }
  /** Changes with its text. */
  hash: string
  failureModes: readonly string[]
  /** The workflow that executes it. */
  workflow: string
  /** The files of the scripts that it calls. */
  scripts: readonly string[]
}

/** What closes a directive, whatever it is given. */
export interface Closing {
  /** The modes of switches, by directive: `off` closes it. */
  isOff: (directive: string) => boolean
  /** The workflow is there. */
  isThere: (directive: OpenDirective) => boolean
  /** What was learnt speaks against it now, whatever it is given; undefined: nothing. */
  lessonOf: (directive: string) => string | undefined
}

/** The directives that a daemon may choose from, each with why it may not now. */
export function knownDirectives(
  directives: readonly OpenDirective[],
  { isOff, isThere, lessonOf }: Closing,
): KnownDirective[] {
  return directives.map((directive) => ({
    name: directive.name,
    goal: directive.goal,
    inputs: directive.schema,
    closed: isOff(directive.name)
      ? 'a person switched it off'
      : isThere(directive)
        ? lessonClosing(lessonOf(directive.name))
        : `this project has no workflow "${directive.workflow}"`,
  }))
}

function lessonClosing(lesson: string | undefined): string | null {
  return lesson === undefined ? null : `a lesson speaks against it now: ${lesson}`
}

/** Decisions with these inputs that failed too often, while nothing relevant has changed. */
export function closedDecisions(
  { failures }: Pick<CycleMemory, 'failures'>,
  fingerprints: ReadonlyMap<string, string>,
): CycleMemory['failures'] {
  return failures.filter(
    ({ directive, fingerprint, count }) =>
      count >= failuresUntilClosed && fingerprints.get(directive) === fingerprint,
  )
}

/** Why a directive with these inputs is closed; undefined: it is open. */
export function whyClosed(
  key: string,
  { closed, pending }: { closed: CycleMemory['failures']; pending: CycleMemory['pending'] },
): string | undefined {
  const failed = closed.find((each) => each.key === key)
  if (failed)
    return `it failed ${failed.count} times with these inputs and nothing relevant has changed since: ${failed.detail}`
  const open = pending.find((each) => each.key === key)
  return open && `run ${open.run} is still at it`
}

/** The goals whose money of today is used up, with how much that is. */
export function exhaustedGoals(
  goals: readonly Pick<GoalStanding, 'name' | 'dayUsd'>[],
  { day, byGoal }: CycleMemory['spent'],
  today: string,
): Map<string, string> {
  const spentOf = (name: string) => (day === today ? (byGoal[name] ?? 0) : 0)
  return new Map(
    goals
      .filter(({ name, dayUsd }) => dayUsd !== null && spentOf(name) >= dayUsd)
      .map(({ name, dayUsd }) => [
        name,
        `its ${formatUsd(dayUsd!)} of today are used up (${formatUsd(spentOf(name))}); it continues tomorrow (UTC)`,
      ]),
  )
}

/**
 * The hash of what a daemon would decide upon, but for what moves by itself: two looks with one digest, and no news between,
 * would be decided alike.
 */
export function digestOf(state: {
  gathered: Json
  goals: readonly Pick<GoalStanding, 'name' | 'status' | 'isReviewDue'>[]
  directives: readonly Pick<KnownDirective, 'name' | 'closed'>[]
  fingerprints: ReadonlyMap<string, string>
  pending: readonly string[]
  closed: readonly string[]
  exhausted: readonly string[]
  /** The ids of lessons that speak against something. */
  lessons: readonly string[]
}): string {
  const { gathered, goals, directives, fingerprints, pending, closed, exhausted, lessons } = state
  const parts = [
    gathered,
    goals.map(({ name, status, isReviewDue }) => [name, status, isReviewDue]),
    directives.map(({ name, closed: why }) => [name, why, fingerprints.get(name) ?? '']),
    [...pending],
    [...closed],
    [...exhausted],
    ...(lessons.length > 0 ? [[...lessons]] : []),
  ]
  return sha256(canonical(parts)).slice(0, 16)
}

/** Whether something happened that others did. */
export function hasNews({ started, ended, asked, decided, isMore }: DaemonState['news']): boolean {
  return started + asked + decided > 0 || ended.length > 0 || isMore
}

/** The workflow that executes a directive. */
function directiveWorkflowName(name: string): string {
  return `directive:${name}`
}

/**
 * What the daemons of a project may choose from: its directives, and the workflows that daemons name, which are executed as they
 * are and judged by their own end.
 */
export function directivesFor(
  {
    daemons,
    directives,
    scripts,
    folder,
  }: {
    daemons: readonly { directives: readonly string[] | undefined }[]
    directives: readonly Directive[]
    scripts: readonly Pick<Script, 'name' | 'file'>[]
    folder: string
  },
  workflows: WorkflowRegistry,
): OpenDirective[] {
  const written = directives.map(
    ({ name, goal, schema, version, failureModes, does, tools }): OpenDirective => {
      const called = does.map((call) => [call.kind, call.name, versionIn(workflows, call.name)])
      const hash = sha256(canonical([version, called]))
      const workflow = directiveWorkflowName(name)
      const files = scripts
        .filter((script) => tools.includes(scriptToolName(script.name)))
        .map(({ file }) => join(folder, file))
      return {
        name,
        goal,
        schema: schema as OpenDirective['schema'],
        hash,
        failureModes,
        workflow,
        scripts: files,
      }
    },
  )
  const named = new Set(daemons.flatMap((daemon) => daemon.directives ?? []))
  const plain = workflows
    .names()
    .filter((name) => named.has(name) && !written.some((each) => each.name === name))
    .map((name): OpenDirective => {
      const schema = toJsonSchema(workflows.current(name).input, 'input') as OpenDirective['schema']
      return {
        name,
        goal: `Run the workflow ${name}`,
        schema,
        hash: '',
        failureModes: [],
        workflow: name,
        scripts: [],
      }
    })
  return [...written, ...plain]
}

function versionIn(workflows: WorkflowRegistry, name: string): string {
  return workflows.names().includes(name) ? workflows.current(name).version : ''
}
