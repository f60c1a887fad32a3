import type { Json } from '../../base/json/json.ts'
import { shorten } from '../../base/text/shorten.ts'
import { tellStory } from '../../inspect/run/story/run-story.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/** So much of one value is shown, and so many calls of each kind: all of it is in `reeve show`. */
const longest = 600
const most = 20

/** What a run was given, read, did and came to, for a person who judges it. Foreign text, and shortened. */
export function shownOf(run: RunRow, events: JournalEvent[]): Json {
  const { goal, context, tools } = tellStory(run, events, [])
  const reads = tools.filter(({ class: effect }) => effect === 'read')
  const deeds = tools.filter(({ class: effect }) => effect !== 'read')
  const ended = events.findLast(({ type }) => type === 'run-succeeded')
  const left = Math.max(0, reads.length - most) + Math.max(0, deeds.length - most)
  return {
    run: run.id,
    workflow: run.workflow,
    version: goal.version,
    why: 'drawn by chance among the runs that ended well and asked nobody',
    input: brief(goal.input),
    read: [
      ...reads.slice(-most).map(({ name, args, result }) => ({
        tool: name,
        ...(args !== undefined && { args: brief(args) }),
        result: brief(result ?? null),
      })),
      ...context.recalls.slice(-most).map(({ name, passages }) => ({ memory: name, found: passages.length })),
      ...context.signals.slice(-most).map(({ name, payload }) => ({ signal: name, payload: brief(payload) })),
    ],
    did: deeds.slice(-most).map(({ name, args, state, result }) => ({
      tool: name,
      args: brief(args ?? null),
      state,
      ...(result !== undefined && { result: brief(result) }),
    })),
    output: brief((ended && payloadIfSound(ended, 'run-succeeded')) ?? null),
    ...(left > 0 && { left: `${left} earlier calls are not shown here` }),
    whole: `reeve show ${run.id}`,
    approve: 'says that the run was right',
    reject: 'says that it was wrong: write in the note what should have happened. Nothing is undone by it',
  }
}

/** Short values as they are, long ones as the beginning of their text. */
function brief(value: Json): Json {
  const text = JSON.stringify(value).replaceAll(/\[marked:[^\]]*\]/g, '[marked]')
  if (text.length <= longest) return JSON.parse(text) as Json
  return shorten(text, longest, `… (${text.length} characters)`)
}
