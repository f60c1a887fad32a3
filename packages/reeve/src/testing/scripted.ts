import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { isRecord } from '../base/json/record.ts'
import { untilAborted } from '../base/time/abort.ts'
import type { Answer, Question, SolveOptions, Solver, ToolCall, Usage } from '../models/solver.ts'

/** A text, a whole answer, an error to throw, or what a function makes of the question. */
export type ScriptedReply =
  | string
  | Answer
  | Error
  | ((question: Question, options: { signal: AbortSignal }) => string | Answer | Promise<string | Answer>)

/** A solver that gives the replies of a script. */
export interface ScriptedSolver extends Solver {
  /** Every question it was asked, in order. */
  readonly questions: Question[]
}

/**
 * Gives the replies of a script, one for each question, and throws `script-ended` after the last: a test that asks
 * more often than it meant to fails. To whoever watches, texts are told word by word.
 * @example
 * import { scriptedSolver } from 'reeve/testing'
 *
 * const solver = scriptedSolver(['{"urgency":5}', new Error('the provider is down'), 'a text'])
 */
export function scriptedSolver(
  replies: readonly ScriptedReply[],
  options: { name?: string; kind?: Solver['kind']; worstCaseUsd?: number; identity?: string } = {},
): ScriptedSolver {
  const questions: Question[] = []
  const name = options.name ?? 'scripted'
  const { worstCaseUsd, identity } = options
  return {
    name,
    kind: options.kind ?? 'function',
    questions,
    ...(identity === undefined ? {} : { identity }),
    solve(question, call) {
      const reply = replies[questions.length]
      questions.push(question)
      if (reply === undefined) {
        throw new ReeveError(
          'script-ended',
          `${name} was asked ${questions.length} times ("${question.name}") but its script has ${replies.length} replies.`,
        )
      }
      if (reply instanceof Error) throw reply
      const tell = (answer: Answer) => {
        if (answer.kind === 'text' && call.onText)
          for (const word of answer.text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) call.onText(word)
        return answer
      }
      if (typeof reply !== 'function') return tell(toAnswer(reply))
      const made = reply(question, call)
      return made instanceof Promise ? made.then(toAnswer).then(tell) : tell(toAnswer(made))
    },
    ...(worstCaseUsd === undefined ? {} : { worstCaseUsd: () => worstCaseUsd }),
  }
}

function toAnswer(reply: string | Answer): Answer {
  return typeof reply === 'string' ? { kind: 'text', text: reply } : reply
}

/**
 * A reply that calls tools: `toolCalls(['orders.find', { id: 7 }], …)`.
 * @example
 * import { scriptedSolver, toolCalls } from 'reeve/testing'
 *
 * const solver = scriptedSolver([toolCalls(['shop.find', { order: 'A-1' }]), '{"answer":"It comes today."}'])
 */
export function toolCalls(...calls: [tool: string, args: Json][]): Extract<Answer, { kind: 'calls' }> {
  return {
    kind: 'calls',
    calls: calls.map(([tool, args], index) => ({ id: `call-${index + 1}`, tool, args })),
  }
}

/** Chances from 0 to 1; at most one fault strikes a call, and together they may reach 1. */
export interface FaultRates {
  /** JSON that cannot be read: cut short, single quotes, a missing comma, two different objects. */
  wrongJson?: number
  /** Well-formed JSON whose first property has another type, or is missing. */
  wrongValue?: number
  /** Right, but inside prose and a code fence, or with a trailing comma or a comment. */
  messyJson?: number
  /** A text that ends at the limit on its length; of calls of tools nothing is left. */
  cutAnswer?: number
  /** A call of a tool that does not exist. Answers without calls stay as they are. */
  wrongTool?: number
  /** Arguments that do not fit, or are no JSON. Answers without calls stay as they are. */
  brokenArguments?: number
  /** How often it answers that it is asked too often, 0 to 1. */
  http429?: number
  /** How often it answers that it failed, 0 to 1. */
  http500?: number
  /** The connection is lost after the model has answered. */
  lostConnection?: number
  /** No answer until the call is aborted. */
  hang?: number
}

/** A solver that fails now and then, and counts how. */
export interface FlakySolver extends Solver {
  /** How often each fault has struck. */
  readonly struck: Readonly<Record<keyof FaultRates, number>>
}

/**
 * A solver made unreliable at set rates, the same way for the same seed and the same order of questions.
 * `retryAfterMs` is what its 429 replies ask for.
 * @example
 * import { flakySolver, scriptedSolver } from 'reeve/testing'
 *
 * const solver = flakySolver(scriptedSolver(['fine']), { http500: 0.2, http429: 0.1, seed: 1 })
 */
export function flakySolver(
  solver: Solver,
  options: FaultRates & { seed: number; retryAfterMs?: number },
): FlakySolver {
  const random = seededRandom(options.seed)
  const struck = {
    http429: 0,
    http500: 0,
    hang: 0,
    lostConnection: 0,
    wrongJson: 0,
    wrongValue: 0,
    messyJson: 0,
    cutAnswer: 0,
    wrongTool: 0,
    brokenArguments: 0,
  }
  const faults = Object.keys(struck) as Array<keyof FaultRates>

  function draw(): keyof FaultRates | undefined {
    let rest = random()
    for (const fault of faults) {
      rest -= options[fault] ?? 0
      if (rest < 0) return fault
    }
    return undefined
  }

  async function solve(question: Question, call: SolveOptions): Promise<Answer> {
    const fault = draw()
    const shape = random()
    if (fault) struck[fault]++
    if (fault === 'http429') {
      const retryAfterMs = options.retryAfterMs ?? 0
      throw new ReeveError('provider-limited', `${solver.name} answered 429: too many requests`, {
        retryable: true,
        details: { status: 429, retryAfterMs },
      })
    }
    if (fault === 'http500') throw outage(`${solver.name} answered 500: internal error`, { status: 500 })
    if (fault === 'hang') return untilAborted(call.signal)
    const answer = await solver.solve(question, call)
    if (fault === 'lostConnection')
      throw outage(`${solver.name} closed the connection`, { billUnknown: true })
    if (fault === undefined || answer.kind === 'abstain') return answer
    if (answer.kind === 'calls') return spoilCalls(answer, fault, shape)
    if (fault === 'wrongTool' || fault === 'brokenArguments') {
      struck[fault]--
      return answer
    }
    // Where no JSON is wanted, the faults of JSON are an empty answer.
    if (!question.schema && fault !== 'cutAnswer') return { kind: 'text', text: '' }
    return spoil(answer, fault, shape)
  }

  const flaky: FlakySolver = { name: solver.name, kind: solver.kind, struck, solve }
  if (solver.worstCaseUsd) flaky.worstCaseUsd = (question) => solver.worstCaseUsd!(question)
  return flaky
}

function outage(message: string, details: Record<string, unknown>): ReeveError {
  return new ReeveError('provider-unavailable', message, { retryable: true, details })
}

function spoilCalls(
  answer: Extract<Answer, { kind: 'calls' }>,
  fault: keyof FaultRates,
  shape: number,
): Answer {
  if (fault === 'cutAnswer') return { kind: 'text', text: answer.text ?? '', cut: true }
  const [first, ...rest] = answer.calls
  if (!first) return answer
  const spoilt: ToolCall = { ...first }
  if (fault === 'wrongTool') spoilt.tool = `${first.tool}_now`
  else if (shape < 0.5) spoilt.args = JSON.stringify(first.args).slice(0, -1)
  else spoilt.args = JSON.parse(withWrongValue(JSON.stringify(first.args), shape)) as Json
  return { ...answer, calls: [spoilt, ...rest] }
}

function spoil(
  answer: Exclude<Answer, { kind: 'abstain' | 'calls' }>,
  fault: keyof FaultRates,
  shape: number,
): Answer {
  const text = answer.kind === 'text' ? answer.text : JSON.stringify(answer.value)
  const spoilt: { kind: 'text'; text: string; cut?: boolean; confidence?: number; usage?: Usage } = {
    kind: 'text',
    text,
  }
  if (answer.usage) spoilt.usage = answer.usage
  if (answer.confidence !== undefined) spoilt.confidence = answer.confidence
  if (fault === 'wrongJson') spoilt.text = pick(wrongShapes, shape)(text)
  if (fault === 'messyJson') spoilt.text = pick(messyShapes, shape)(text)
  if (fault === 'wrongValue') spoilt.text = withWrongValue(text, shape)
  if (fault === 'cutAnswer') {
    spoilt.text = text.slice(0, Math.floor(text.length * shape))
    spoilt.cut = true
  }
  return spoilt
}

type Shape = (json: string) => string

const wrongShapes: Shape[] = [
  (json) => json.slice(0, -1),
  (json) => `{'value': ${json.replaceAll('"', "'")}}`,
  (json) => `{"first": 1 "second": ${json}}`,
  (json) => `${json}\nor rather\n{"instead": true}`,
]

const messyShapes: Shape[] = [
  (json) => `Here is the answer:\n\n\`\`\`json\n${json}\n\`\`\`\nTell me if you need more.`,
  (json) => json.replace(/\}\s*$/, ',}').replace(/\{\s*,\}$/, '{}'),
  (json) => `/* as asked */ ${json} // done`,
]

function withWrongValue(text: string, shape: number): string {
  const value: unknown = JSON.parse(text)
  if (!isRecord(value)) return JSON.stringify({ value })
  const [first, ...rest] = Object.entries(value)
  if (!first) return '[]'
  const [key, right] = first
  if (shape < 0.3) return JSON.stringify(Object.fromEntries(rest))
  return JSON.stringify({ ...value, [key]: typeof right === 'string' ? 17 : `not ${JSON.stringify(right)}` })
}

function pick(shapes: Shape[], shape: number): Shape {
  return shapes[Math.floor(shape * shapes.length)]!
}

/** Mulberry32, a public-domain generator by Tommy Ettinger: small, and good enough to place faults. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
