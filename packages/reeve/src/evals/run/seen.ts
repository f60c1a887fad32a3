import type { RecordedCall } from '../../engine/replay/history.ts'
import { readHistory } from '../../engine/replay/history.ts'
import { toolCalls } from '../../inspect/run/story/tool-calls.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { CaseOutcome } from '../scorers/scorer.ts'

/** What the journal of a case's run says of it, for scorers. */
export function seenIn(events: readonly JournalEvent[]): Pick<CaseOutcome, 'calls' | 'solvers' | 'costUsd'> {
  const calls = [...readHistory(events).calls.values()].sort((left, right) => left.step - right.step)
  const answers = calls.flatMap((call) => answerOf(call) ?? [])
  const costs = answers.map(({ usage, unsettledUsd = 0 }) => (usage?.costUsd ?? 0) + unsettledUsd)
  return {
    calls: toolCalls(calls).map(({ name, args }) => ({ tool: name, ...(args !== undefined && { args }) })),
    solvers: [...new Set(answers.flatMap(({ solver }) => solver ?? []))],
    costUsd: costs.reduce((sum, each) => sum + each, 0),
  }
}

function answerOf({ settled }: RecordedCall) {
  return settled?.type === 'question-completed' ? payloadIfSound(settled, 'question-completed') : undefined
}
