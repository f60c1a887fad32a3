import type { Json } from '../../base/json/json.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { CallSite } from '../call-site.ts'
import type { Effect } from '../calls/effect/definition.ts'
import type { CoreContext } from '../context.ts'
import type { Claim, Ending } from '../execution/claim.ts'
import { Execution } from '../execution/execution.ts'
import type { Call } from '../replay/call.ts'
import type { History } from '../replay/history.ts'
import { inputFrom } from '../starting/run-input.ts'
import type { Workflow } from '../workflow.ts'
import { type CallDifference, RecordedAnswers } from './recorded-answers.ts'
import { type TrialParts, trialServices } from './trial-services.ts'

/** An effect of a try. */
export interface TriedEffect {
  call: number
  tool: string
  class: Effect['effect']
  args: Json
  /** Whether the journal answered it. */
  answered: boolean
}

/** What became of a try. */
export interface Tried {
  /** How it ended; undefined: it came to rest before, as where it waits for what the journal does not answer. */
  ending: Ending | undefined
  differences: CallDifference[]
  /** All effects that its code made. */
  effects: TriedEffect[]
  /** Of what the journal did not answer, what was not done. */
  unanswered: Pick<Call, 'step' | 'kind' | 'name'>[]
}

export interface TryOptions extends TrialParts {
  workflow: Workflow
  run: Omit<Claim, 'inbox' | 'historyBytes' | 'crashes'>
  /** As `readHistory` gives it; it is not changed. */
  history: History
  /** What its journal was opened with. */
  marks: RunMarks
  /** Default false. */
  hasSucceeded?: boolean
  /** When it ended (ms): the time of the try. */
  endedAt: number
  contextFor: (site: CallSite) => CoreContext
  /** Calls are answered by their kind and name alone where their arguments differ. Default false. */
  byName?: boolean
  /** Whether a call that the journal does not answer is made. Default: none is. */
  mayAct?: (call: Call) => boolean
}

/**
 * Drives the code of a workflow over the journal of an ended run, by the engine's own replay: nothing is written, and nothing
 * acts but what `mayAct` lets.
 *
 *   begun → answered by the journal, one settlement at a time → ended
 *                                                             ↘ at rest: what is left is answered by nobody
 * @throws `invalid-input` when the code no longer takes the input
 */
export async function tryRun(options: TryOptions): Promise<Tried> {
  const { workflow, run, endedAt, mayAct, contextFor } = options
  const { history, answers } = RecordedAnswers.of(options.history, options)
  const input = inputFrom(workflow, history.input.payload)
  const effects: TriedEffect[] = []
  const unanswered: Tried['unanswered'] = []
  const over = Promise.withResolvers<Ending | undefined>()
  let acting = 0
  const execution = new Execution({
    claim: { ...run, inbox: 0, historyBytes: 0, crashes: 0 },
    workflow,
    services: trialServices(options, endedAt),
    history,
    items: [],
    marks: options.marks,
    driver: {
      left: (_claim, _workflow, ending) => over.resolve(ending),
      refused: (_claim, error) => over.reject(error),
    },
    trial: {
      effect: (call, definition, args) =>
        effects.push({
          call: call.step,
          tool: definition.name,
          class: definition.effect,
          args,
          answered: call.recorded?.settled !== undefined,
        }),
      mayAct(call) {
        if (!call.recorded && mayAct?.(call)) {
          acting++
          const acted = () => {
            acting--
          }
          call.promise.then(acted, acted)
          return true
        }
        if (!call.recorded) unanswered.push({ step: call.step, kind: call.kind, name: call.name })
        return false
      },
      quiet() {
        if (acting === 0) over.resolve(undefined)
      },
    },
  })
  execution.begin(contextFor(execution.site), input)
  const ending = await over.promise
  answers.end()
  return { ending, differences: answers.differences, effects, unanswered }
}
