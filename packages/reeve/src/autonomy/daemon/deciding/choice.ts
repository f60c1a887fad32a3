import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { describeValue } from '../../../base/text/shorten.ts'
import { fromJsonSchema } from '../../../tools/json-schema/json-schema.ts'
import { keyOfInputs } from '../cycle-memory.ts'
import type { DaemonDecision, KnownDirective } from '../daemon-state.ts'
import { barOn, type LessonBar } from '../look/lesson-bars.ts'
import { whyClosed } from './openings.ts'

/** What a decision is held against: what is open at this moment. */
export interface Choices {
  directives: readonly KnownDirective[]
  /** The goals that may be named. */
  goals: readonly string[]
  /** Those whose money of today is used up, with why. */
  exhausted: ReadonlyMap<string, string>
  closed: Parameters<typeof whyClosed>[1]['closed']
  pending: Parameters<typeof whyClosed>[1]['pending']
  /** Lessons that speak against some inputs. */
  bars: readonly LessonBar[]
}

/** A decision that was checked: nothing of it is left out. */
export interface CheckedDecision {
  decision: string
  inputs: { [name: string]: Json }
  reason: string
  goal: string | null
}

export const idle = 'idle'
const longestReason = 2000
const fields = ['decision', 'inputs', 'reason', 'goal']

/**
 * The schema of a decision: exactly one, of the closed set of what is open now. The problems say what may be chosen instead,
 * for the model is told them.
 */
export function decisionSchema(choices: Choices): StandardSchemaV1<Json, CheckedDecision> {
  const shown = () => jsonSchemaOf(choices)
  const standard: StandardSchemaV1.Props<Json, CheckedDecision> &
    StandardJSONSchemaV1.Props<Json, CheckedDecision> = {
    version: 1,
    vendor: 'reeve',
    validate: (value) => {
      const checked = checkDecision(value, choices)
      return 'problem' in checked
        ? { issues: [{ message: checked.problem, path: checked.path }] }
        : { value: checked }
    },
    jsonSchema: { input: shown, output: shown },
  }
  return { '~standard': standard }
}

function openIn({ directives }: Choices): KnownDirective[] {
  return directives.filter(({ closed }) => closed === null)
}

function jsonSchemaOf(choices: Choices): Record<string, unknown> {
  const open = openIn(choices)
  const none = { type: 'object', properties: {}, additionalProperties: false }
  const goals = choices.goals.filter((goal) => !choices.exhausted.has(goal))
  return {
    type: 'object',
    properties: {
      decision: { type: 'string', enum: [...open.map(({ name }) => name), idle] },
      inputs: { anyOf: [...open.map(({ inputs }) => inputs), none] },
      reason: { type: 'string', description: 'Why this, and why now: one or two sentences' },
      goal: { enum: [...goals, null], description: 'The goal that it serves; null: none' },
    },
    required: fields,
    additionalProperties: false,
  }
}

type Problem = { problem: string; path: PropertyKey[] }

/** Checks what a route or the rules decided. */
export function checkDecision(value: unknown, choices: Choices): CheckedDecision | Problem {
  const wrong = (problem: string, ...path: PropertyKey[]): Problem => ({ problem, path })
  if (Array.isArray(value))
    return wrong(`it is a list of ${value.length}; give one decision, the one that matters most now`)
  if (!isRecord(value))
    return wrong(`it is ${describeValue(value)}; give an object with ${fields.join(', ')}`)
  const more = Object.keys(value).find((name) => !fields.includes(name))
  if (more !== undefined) return wrong(`there is no such field; give only ${fields.join(', ')}`, more)
  const { decision, inputs = {}, reason, goal } = value as unknown as DaemonDecision
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > longestReason)
    return wrong(`give the reason, in up to ${longestReason} characters`, 'reason')
  if (!isRecord(inputs)) return wrong(`it is ${describeValue(inputs)}; give an object`, 'inputs')
  const serving = servedGoal(goal, choices)
  if (typeof serving === 'object' && serving !== null) return serving
  if (decision === idle) return { decision, inputs: {}, reason, goal: serving }
  return checkDirective(
    { decision, inputs: inputs as { [name: string]: Json }, reason, goal: serving },
    choices,
  )
}

/** The goal, or what is wrong with it. Who names none serves the only one. */
function servedGoal(goal: unknown, { goals, exhausted }: Choices): string | null | Problem {
  if (goal === undefined || goal === null) return goals.length === 1 && goal === undefined ? goals[0]! : null
  if (typeof goal !== 'string' || !goals.includes(goal))
    return {
      problem: `${describeValue(goal)} is not a goal of this daemon; name one of: ${goals.join(', ') || 'none'}, or null`,
      path: ['goal'],
    }
  const why = exhausted.get(goal)
  return why === undefined ? goal : { problem: `"${goal}" is closed: ${why}`, path: ['goal'] }
}

function checkDirective(checked: CheckedDecision, choices: Choices): CheckedDecision | Problem {
  const { decision, inputs, goal } = checked
  const open = openIn(choices).map(({ name }) => name)
  const instead = `choose one of: ${[...open, idle].join(', ')}`
  const known = choices.directives.find(({ name }) => name === decision)
  if (!known)
    return { problem: `there is no directive ${describeValue(decision)}; ${instead}`, path: ['decision'] }
  if (known.closed !== null)
    return { problem: `"${decision}" is closed: ${known.closed}; ${instead}`, path: ['decision'] }
  const result = fromJsonSchema(known.inputs, `the inputs of directive "${decision}"`)['~standard'].validate(
    inputs,
  )
  if (!('then' in result) && result.issues) {
    const [first] = result.issues
    const path = (first!.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))
    return { problem: first!.message, path: ['inputs', ...path] }
  }
  const why = whyClosed(keyOfInputs(decision, inputs), choices) ?? barOn(choices.bars, decision, inputs)
  if (why !== undefined)
    return {
      problem: `"${decision}" with these inputs is closed: ${why}; give other inputs, or ${instead}`,
      path: ['decision'],
    }
  // Money that is set apart for goals is not got round by naming none.
  const only =
    goal === null && choices.goals.length > 0 && choices.goals.every((each) => choices.exhausted.has(each))
  return only
    ? { problem: 'the money of all goals is used up for today; choose idle', path: ['goal'] }
    : checked
}
