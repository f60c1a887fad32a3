import type { ErrorRecord } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { formatUsd } from '../../base/money.ts'
import { briefLine, briefValue } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import {
  definitionOf,
  type EventPayloads,
  type EventType,
  payloadIfSound,
} from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { isErased } from '../../store/keeping/erased.ts'
import { thrownIn } from './thrown-in.ts'

/** How an event is to be taken: something was achieved, went wrong, is waited for, or none of these. */
export type EventTone = 'good' | 'bad' | 'wait' | 'plain'

/** What an event means, in a few safe words: on one line, with everything unseen in foreign text written out. */
export interface EventWords {
  tone: EventTone
  words: string
}

/** What is said of an event of one type. */
type Descriptions = {
  [T in EventType]?: (payload: EventPayloads[T]) => EventWords
}

const good = (words: string): EventWords => ({ tone: 'good', words })
const bad = (words: string): EventWords => ({ tone: 'bad', words })
const wait = (words: string): EventWords => ({ tone: 'wait', words })
const plain = (words: string): EventWords => ({ tone: 'plain', words })

const retrying = ({ attempt, dueAt, error }: EventPayloads['step-retrying']): EventWords =>
  wait(`attempt ${attempt} failed: ${error?.message ?? '?'}; the next one at ${moment(dueAt)}`)
const failed = ({ code, message }: ErrorRecord): EventWords => bad(`${code}: ${message}`)
const result = (value: unknown): EventWords => good(value === undefined ? 'done' : briefValue(value, 80))

const descriptions: Descriptions = {
  'run-started': ({ version, principal, startedBy }) =>
    plain(`version ${version}, by ${startedBy === undefined ? principal : `${startedBy} for ${principal}`}`),
  'run-succeeded': (output) => good(output === undefined ? 'without output' : briefValue(output, 80)),
  'run-failed': (error) => {
    const place = thrownIn(error.stack)
    return place === null ? failed(error) : bad(`${failed(error).words}, thrown in ${place}`)
  },
  'run-stuck': ({ reason }) => bad(reason),
  'run-cancelled': ({ by }) => bad(`by ${by}`),
  'run-released': ({ reason }) => plain(reason),
  'run-retried': ({ by }) => plain(`by ${by}`),
  'run-continued': ({ version }) => plain(`begins a new chapter, with version ${version}`),
  'run-forked': ({ from, step, by }) => plain(`from run ${from} at call ${step}, by ${by}`),
  'input-replaced': () => plain('another input, before it began'),
  'step-completed': result,
  'step-retrying': retrying,
  'step-failed': failed,
  'effect-intended': ({ attempt }) => plain(`attempt ${attempt} begins`),
  'effect-completed': result,
  'effect-retrying': retrying,
  'effect-paced': ({ dueAt, reason, until }) =>
    wait(
      reason === undefined
        ? `its rate allows the call at ${moment(dueAt)}`
        : `${reason}${until === undefined ? `; tried again at ${moment(dueAt)}` : ''}`,
    ),
  'effect-failed': failed,
  'effect-unverified': ({ reason, problem, dueAt, until }) =>
    problem === undefined
      ? plain(`${reason}; its service is asked whether it was done`)
      : wait(
          `${reason}; its service cannot be asked whether it was done: ${problem}${until === undefined ? `; asked again at ${moment(dueAt)}` : ''}`,
        ),
  'effect-unknown': ({ reason }) => wait(`outcome unknown: ${reason}; a person must say what happened`),
  'call-overridden': ({ call, how, by, reason }) =>
    plain(
      `call ${call}: ${how === 'skip-wait' ? 'its wait is over' : `its ${how}`} was said by ${by}: ${reason}`,
    ),
  'override-refused': ({ call, by, problem }) => bad(`call ${call}, by ${by}: ${problem}`),
  'late-result-dropped': ({ call }) =>
    plain(`call ${call} came to its end after it was overridden: that counts for nothing`),
  'timer-set': ({ dueAt }) => wait(`until ${moment(dueAt)}`),
  'timer-fired': () => good('time is up'),
  'signal-awaited': ({ dueAt }) => wait(dueAt ? `until ${moment(dueAt)}` : 'waits for it'),
  'signal-received': result,
  'signal-refused': ({ problem }) => bad(`refused, it does not fit (${problem}); the run still waits`),
  'signal-timed-out': () => plain('did not come in time'),
  'signal-failed': failed,
  'signal-given-up': () => plain('no longer waited for'),
  'timer-failed': failed,
  'timer-given-up': () => plain('no longer waited for'),
  'approval-requested': ({ kind, expiresAt }) =>
    wait(
      `${kind === 'question' ? 'asks a person' : 'waits for approval'}${expiresAt ? ` until ${moment(expiresAt)}` : ''}`,
    ),
  'approval-decided': ({ status, by, edited, note }) => ({
    tone: status === 'approved' || status === 'answered' ? 'good' : 'bad',
    words: `${status}${by ? ` by ${by}` : ''}${edited && status === 'approved' ? ', edited' : ''}${note ? `: ${note}` : ''}`,
  }),
  'approval-failed': failed,
  'approval-given-up': () => plain('no longer asked'),
  'question-completed': ({ value, solver, kind, confidence, usage }) => {
    const sure = confidence === undefined ? '' : `, ${Math.round(confidence * 100)} % sure`
    const cost = usage?.costUsd ? `, ${formatUsd(usage.costUsd)}` : ''
    return good(`${briefValue(value, 80)}  [${solver}, ${kind}${sure}${cost}]`)
  },
  'question-retrying': retrying,
  'question-failed': failed,
  'budget-awaited': ({ dueAt, error }) =>
    wait(
      `${error?.message ?? 'its budget has no room'}; asked again when there is room, at ${moment(dueAt)} in any case`,
    ),
  'recall-failed': failed,
  'recall-completed': ({ passages }) =>
    good(passages.length === 1 ? '1 passage' : `${passages.length} passages`),
  'remember-completed': ({ id, scope }) => good(`${id}${scope ? ` in ${scope}` : ''}`),
  'remember-failed': failed,
  'amend-completed': ({ id, version, why }) =>
    good(`${id} has version ${version} now${why ? `: ${briefLine(why, 80)}` : ''}`),
  'amend-failed': failed,
  'forget-completed': ({ id, why }) =>
    good(`${id} is not found any more${why ? `: ${briefLine(why, 80)}` : ''}`),
  'forget-failed': failed,
  'child-started': ({ run }) => plain(`run ${run}`),
  'child-failed': failed,
  'child-awaited': () => wait('waits for its end'),
  'child-finished': ({ status }) => ({ tone: status === 'succeeded' ? 'good' : 'bad', words: status }),
  'value-parsed': ({ issues }) => plain(issues ? 'does not fit' : 'kept as its schema read it'),
  'child-result-failed': failed,
  'child-result-given-up': () => plain('no longer waited for'),
  'patch-marked': () => plain('takes the changed path'),
  'log-written': ({ message }) => plain(message),
}

/** What an event means. One of a later version, or whose payload was damaged, is told by its type alone. */
export function describeEvent(event: JournalEvent): EventWords {
  if (event.payload !== null && isErased(event.payload)) return plain('what it said was erased')
  const definition = definitionOf(event.type)
  const { tone, words } = definition ? told(event, event.type as EventType) : plain('')
  return { tone, words: briefLine(words, 200) }
}

function told<T extends EventType>(event: JournalEvent, type: T): EventWords {
  const payload = payloadIfSound(event, type)
  const describe = descriptions[type]
  const { shape, shown } = definitionOf(type)!
  const isUnread = payload === undefined && (shape === 'fields' || shape === 'error')
  if (isUnread) return plain('')
  if (describe) return describe(payload as EventPayloads[T])
  return plain(partsOf(payload, shown ?? []))
}

/** The parts that the vocabulary names; a message says itself what it is. */
function partsOf(payload: unknown, shown: readonly string[]): string {
  if (!isRecord(payload)) return ''
  const parts = shown.flatMap((name) => {
    const part = payload[name]
    if (part === undefined || part === null) return []
    return name === 'message' ? String(part) : `${name} ${briefValue(part, 80)}`
  })
  return parts.join(', ')
}
