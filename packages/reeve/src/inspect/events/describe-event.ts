import { formatUsd } from '../../base/money.ts'
import { briefLine, briefValue } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { type LoosePayload, payloadOf } from './event-payload.ts'

export type Tone = 'good' | 'bad' | 'wait' | 'plain'

/** What an event means, in a few safe words. */
export interface EventWords {
  tone: Tone
  words: string
}

type Describe = (payload: LoosePayload, event: JournalEvent) => EventWords

const good = (words: string): EventWords => ({ tone: 'good', words })
const bad = (words: string): EventWords => ({ tone: 'bad', words })
const wait = (words: string): EventWords => ({ tone: 'wait', words })
const plain = (words: string): EventWords => ({ tone: 'plain', words })

const retrying: Describe = ({ attempt, dueAt, error }) =>
  wait(`attempt ${attempt} failed: ${error?.message ?? '?'}; the next one at ${moment(dueAt ?? 0)}`)
const failed: Describe = ({ code, message }) => bad(`${code ?? 'failed'}: ${message ?? ''}`)
const result: Describe = (_payload, { payload }) =>
  good(payload === null ? 'done' : briefValue(JSON.parse(payload), 80))

const descriptions: Record<string, Describe> = {
  'run-started': ({ version, principal, startedBy }) =>
    plain(`version ${version}, by ${startedBy === undefined ? principal : `${startedBy} for ${principal}`}`),
  'run-succeeded': (_payload, { payload }) =>
    good(payload === null ? 'without output' : briefValue(JSON.parse(payload), 80)),
  'run-failed': failed,
  'run-stuck': ({ reason }) => bad(reason ?? 'needs a person'),
  'run-cancelled': ({ by }) => bad(`by ${by}`),
  'run-released': ({ reason }) => plain(reason ?? 'given back'),
  'run-retried': ({ by }) => plain(`by ${by}`),
  'run-continued': ({ version }) => plain(`begins a new chapter, with version ${version}`),
  'run-forked': ({ from, step, by }) => plain(`from run ${from} at call ${step}, by ${by}`),
  'input-replaced': () => plain('a later start with the same debounce key'),
  'step-completed': result,
  'step-retrying': retrying,
  'step-failed': failed,
  'effect-intended': ({ attempt }) => plain(`attempt ${attempt} begins`),
  'effect-completed': result,
  'effect-retrying': retrying,
  'effect-paced': ({ dueAt }) => wait(`its rate allows the call at ${moment(dueAt ?? 0)}`),
  'effect-failed': failed,
  'effect-unknown': ({ reason }) => wait(`outcome unknown: ${reason}; a person must say what happened`),
  'timer-set': ({ dueAt }) => wait(`until ${moment(dueAt ?? 0)}`),
  'timer-fired': () => good('time is up'),
  'signal-awaited': ({ dueAt }) => wait(dueAt ? `until ${moment(dueAt)}` : 'waits for it'),
  'signal-received': result,
  'signal-refused': ({ problem }) => bad(`set aside, it does not fit (${problem ?? '?'}); the run waits on`),
  'signal-timed-out': () => plain('did not come in time'),
  'signal-given-up': () => plain('no longer waited for'),
  'timer-given-up': () => plain('no longer waited for'),
  'approval-requested': ({ kind, expiresAt }) =>
    wait(
      `${kind === 'question' ? 'asks a person' : 'waits for approval'}${expiresAt ? ` until ${moment(expiresAt)}` : ''}`,
    ),
  'approval-decided': ({ status, by, edited, note }) => ({
    tone: status === 'approved' || status === 'answered' ? 'good' : 'bad',
    words: `${status}${by ? ` by ${by}` : ''}${edited && status === 'approved' ? ', edited' : ''}${note ? `: ${note}` : ''}`,
  }),
  'approval-given-up': () => plain('no longer asked'),
  'question-completed': ({ value, solver, kind, confidence, usage }) => {
    const sure = confidence === undefined ? '' : `, ${Math.round(confidence * 100)} % sure`
    const cost = usage?.costUsd ? `, ${formatUsd(usage.costUsd)}` : ''
    return good(`${briefValue(value, 80)}  [${solver}, ${kind}${sure}${cost}]`)
  },
  'question-retrying': retrying,
  'question-failed': failed,
  'recall-completed': ({ passages = [] }) => good(`${passages.length} passages`),
  'remember-completed': ({ id, scope }) => good(`${id ?? ''}${scope ? ` in ${scope}` : ''}`),
  'remember-failed': failed,
  'child-started': ({ run }) => plain(`run ${run}`),
  'child-awaited': () => wait('waits for its end'),
  'child-finished': ({ status }) => ({ tone: status === 'succeeded' ? 'good' : 'bad', words: status ?? '' }),
  'value-parsed': ({ issues }) => plain(issues ? 'does not fit' : 'kept as its schema read it'),
  'child-result-given-up': () => plain('no longer waited for'),
  'patch-marked': () => plain('takes the changed path'),
  'log-written': ({ message }) => plain(message ?? ''),
}

export function describeEvent(event: JournalEvent): EventWords {
  const describe = descriptions[event.type]
  if (!describe) return plain('')
  const { tone, words } = describe(payloadOf(event), event)
  return { tone, words: briefLine(words, 200) }
}
