import { checkOptions } from '../base/options.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import { type Corrected, correctedSince } from '../inspect/failures/corrected.ts'
import type { Session } from '../store/database.ts'
import { payloadIfSound } from '../store/journal/events.ts'
import { payloadAt } from '../store/journal/journal.ts'
import type { EvalCase } from './scorers/scorer.ts'

/** For `corrected`. */
export type CorrectedOptions = {
  /** How far back. Default `90d`. */
  since?: Duration
  /** The most cases, the newest. Default 500. */
  limit?: number
} & (
  | {
      /** The workflow that is judged: of each run that people edited or rejected something in, what it was given, and what they made of it. */
      workflow: string
    }
  | {
      /** The question that is judged, as a route: what it was about, and what a person answered. */
      question: string
    }
)

/** Cases that are read of the project's journals when the evaluation begins. */
export interface CorrectedCases {
  readonly kind: 'reeve-corrected'
  readonly options: CorrectedOptions
}

/**
 * What people corrected, as the cases of an evaluation: made of the journals anew each time, so that they go when their runs go. The
 * data's hash is fixed before the first case runs. Of a workflow the expected calls are those that people let through, for
 * `toolCalls({ match: 'some' })`, and `not` names those that they rejected. `reeve eval cases` prints them, to keep and to change.
 * @throws `bad-option` `bad-duration`
 * @example
 * import { corrected, evaluation, toolCalls } from 'reeve/evals'
 *
 * export default evaluation({
 *   data: corrected({ workflow: 'support-triage' }),
 *   task: 'support-triage',
 *   mocks: { tools: { 'helpdesk.reply': () => ({ sent: true }) } },
 *   scorers: [toolCalls({ match: 'some' })],
 * })
 */
export function corrected(options: CorrectedOptions): CorrectedCases {
  checkOptions(options, 'the corrected cases', { workflow: 'text', question: 'text', limit: 'number' })
  if (options.since !== undefined) toMs(options.since, '`since` of corrected cases')
  return { kind: 'reeve-corrected', options }
}

export function isCorrected(data: unknown): data is CorrectedCases {
  return typeof data === 'object' && data !== null && (data as { kind?: unknown }).kind === 'reeve-corrected'
}

const mostLooked = 5000

/** Makes the cases of what the journals have. `now`: ms. */
export async function correctedCases(
  session: Session,
  options: CorrectedOptions,
  now: number,
): Promise<EvalCase[]> {
  const { since = '90d', limit = 500 } = options
  const from = now - toMs(since, 'since')
  if ('question' in options) {
    const all = await correctedSince(session, { since: from, limit: mostLooked })
    return all
      .filter(
        ({ what, subject, input }) =>
          what === 'answered' && subject === options.question && input !== undefined,
      )
      .slice(0, limit)
      .map(({ id, input, value }) => ({ id, input: input!, expected: value! }))
  }
  const all = await correctedSince(session, { workflow: options.workflow, since: from, limit: mostLooked })
  const byRun = [...Map.groupBy(all, ({ runNo }) => runNo)].slice(0, limit)
  const cases: EvalCase[] = []
  for (const [runNo, own] of byRun) {
    const one = await caseOf(session, runNo, own)
    if (one) cases.push(one)
  }
  return cases
}

/** A run whose input was erased makes no case. */
async function caseOf(
  session: Session,
  runNo: number,
  own: readonly Corrected[],
): Promise<EvalCase | undefined> {
  const payload = await payloadAt(session, runNo, 1)
  const started =
    payload === undefined ? undefined : payloadIfSound({ type: 'run-started', payload }, 'run-started')
  const input = started?.given ?? started?.input
  if (input === undefined) return undefined
  const inOrder = own.filter(({ isCall }) => isCall).toSorted((one, other) => one.call - other.call)
  const calls = inOrder.flatMap(({ what, subject, value }) =>
    what === 'edited' && value !== undefined ? [{ tool: subject, args: value }] : [],
  )
  const not = inOrder.flatMap(({ what, subject }) => (what === 'rejected' ? [{ tool: subject }] : []))
  if (calls.length + not.length === 0) return undefined
  return { id: own[0]!.run, input, ...(calls.length > 0 && { calls }), ...(not.length > 0 && { not }) }
}
