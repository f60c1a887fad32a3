import type { Json } from '../base/json/json.ts'
import { payloadIfSound } from '../store/journal/events.ts'
import type { JournalEvent } from '../store/journal/journal.ts'

/** What a text that is to be remembered rests upon. */
export type Evidence =
  /** The run knew nothing out of memory or documents that could be in it, or the text stands in what it has from elsewhere. */
  | { basis: 'own' }
  /** A person has approved or given these words. */
  | { basis: 'person'; by: string }
  /** Nothing but what was recalled can vouch for it: the ids of all that was. */
  | { basis: 'recalled'; restsOn: string[] }

/** What a run has from others. */
export interface Inherited {
  /** What the runs above it had recalled before they made its input. */
  above: readonly string[]
  /** What the runs below it have recalled. */
  below: readonly string[]
}

const mostNamed = 100
/** Shorter words stand anywhere by chance. */
const leastWords = 2

/**
 * Whether a text may be new knowledge: by what the run had read before, in the order of its journal, never by likeness. Once a
 * run has recalled anything, its own words may be made of that, and so may the answers of models and the results of steps. What
 * then counts is what stands, word for word, in what the run has from outside: its input, the results of tools, signals,
 * and answers that were given before anything was recalled.
 * @param evidence words that the text rests upon; absent: the text itself
 */
export function weighEvidence(
  text: string,
  evidence: readonly string[] | undefined,
  events: readonly JournalEvent[],
  { above, below }: Inherited,
): Evidence {
  const recalled = new Set(above)
  const recalledTexts: string[] = []
  const own: string[] = []
  const said: { words: string; by: string }[] = []
  const shown = new Map<number, Json>()
  for (const event of events) {
    const { type } = event
    const started = payloadIfSound(event, 'run-started', 'input-replaced', 'run-continued')
    if (started) {
      // A chapter's input may hold what the one before had recalled.
      if (recalled.size === 0) own.push(...wordsIn(started.input ?? started.given))
    } else if (type === 'recall-completed') {
      for (const { id, text: found } of payloadIfSound(event, 'recall-completed')?.passages ?? []) {
        recalled.add(id)
        recalledTexts.push(plain(found))
      }
    } else if (type === 'question-completed' || type === 'step-completed') {
      if (recalled.size === 0) own.push(...wordsIn(settledValueOf(event)))
    } else if (type === 'effect-completed' || (type === 'signal-received' && below.length === 0)) {
      // What a tool echoes stays what it was.
      const isEcho = (words: string) => recalledTexts.some((found) => found.includes(words))
      own.push(...wordsIn(settledValueOf(event)).filter((words) => !isEcho(words)))
    } else if (type === 'child-finished') {
      for (const id of below) recalled.add(id)
      if (recalled.size === 0) own.push(...wordsIn(settledValueOf(event)))
    } else if (type === 'approval-requested') {
      shown.set(event.step ?? 0, payloadIfSound(event, 'approval-requested')?.shown ?? null)
    } else if (type === 'approval-decided') {
      const decided = payloadIfSound(event, 'approval-decided')
      const by = decided?.by
      if (by && (decided.status === 'approved' || decided.status === 'answered')) {
        const words = [...wordsIn(shown.get(event.step ?? 0)), ...wordsIn(decided.value)]
        const approved = decided.status === 'approved' && !decided.edited ? words : wordsIn(decided.value)
        said.push(...approved.map((one) => ({ words: one, by })))
      }
    }
  }
  const wanted = (evidence ?? [text]).map(plain)
  const person = said.find(({ words }) => words.includes(plain(text)))
  if (person) return { basis: 'person', by: person.by }
  if (recalled.size === 0 && !evidence) return { basis: 'own' }
  const isOwn = (words: string) => countWords(words) >= leastWords && own.some((from) => from.includes(words))
  if (wanted.length > 0 && wanted.every(isOwn)) return { basis: 'own' }
  return { basis: 'recalled', restsOn: [...recalled].slice(0, mostNamed) }
}

/** The items that a run's journal says it recalled, before `until` where that is given. */
export function recalledIn(
  events: readonly JournalEvent[],
  until: number = Number.POSITIVE_INFINITY,
): string[] {
  return events.flatMap((event) =>
    event.seq < until ? (payloadIfSound(event, 'recall-completed')?.passages ?? []).map(({ id }) => id) : [],
  )
}

function settledValueOf(event: JournalEvent): Json | undefined {
  if (event.type === 'question-completed') return payloadIfSound(event, 'question-completed')?.value
  if (event.type === 'child-finished') return payloadIfSound(event, 'child-finished')?.value
  return event.payload === null ? undefined : (JSON.parse(event.payload) as Json)
}

/** Every text in a value, in the form in which equal texts are equal. */
function wordsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return [plain(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part) => wordsIn(part as Json))
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}

function countWords(text: string): number {
  return text === '' ? 0 : text.split(' ').length
}
