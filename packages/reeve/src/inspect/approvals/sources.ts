import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { jsonOf } from '../events/event-payload.ts'

/**
 * Who a value is from, as far as the journal tells: `given` to the run as its input, a `model` (hosted or local) that
 * answered, a `person` who answered or edited, the `outside` (a tool, a signal, a child, what was remembered from outside),
 * `knowledge` that the operator keeps, or `code` of the workflow.
 */
export type From = 'given' | 'model' | 'person' | 'outside' | 'knowledge' | 'code'

/** A value that a run had before it asked. */
export interface Source {
  from: From
  /** The call that gave it; null: the input. */
  call: number | null
  /** Of the call: what a question, a tool, a signal is called. Foreign text. */
  name: string
  /** The solver that answered, or the person who said it; null: nobody is named. */
  by: string | null
  value: Json
}

/** What a run had read, been told and been given before it asked, the first first. */
export function sourcesOf(input: Json, events: readonly JournalEvent[]): Source[] {
  return [
    { from: 'given', call: null, name: 'input', by: null, value: input },
    ...events.flatMap((event) => sourceOf(event) ?? []),
  ]
}

function sourceOf(event: JournalEvent): Source | Source[] | undefined {
  const { step: call, type } = event
  const name = event.name ?? ''
  const source = (from: From, value: Json, by: string | null = null): Source => ({
    from,
    call,
    name,
    by,
    value,
  })
  switch (type) {
    case 'question-completed': {
      const { value = null, solver = null } = payloadIfSound(event, type) ?? {}
      return source('model', value, solver)
    }
    case 'recall-completed':
      return payloadIfSound(event, type)?.passages.map((passage) =>
        source(passage.untrusted ? 'outside' : 'knowledge', passage.text, passage.source),
      )
    case 'approval-decided': {
      const { edited = false, value = null, by = null } = payloadIfSound(event, type) ?? {}
      return edited ? source('person', value, by) : undefined
    }
    case 'signal-received':
    case 'effect-completed':
      return source('outside', jsonOf(event))
    case 'child-finished':
      return source('outside', payloadIfSound(event, type)?.value ?? null)
    case 'step-completed':
      return source('code', jsonOf(event))
    default:
      return undefined
  }
}

/** One scalar of a value, with the keys that lead to it. An empty object or list is one too. */
export interface Leaf {
  path: (string | number)[]
  value: Json
}

/** The scalars of a value in their order, `most` at most. */
export function leavesOf(value: Json, most: number): Leaf[] {
  const found: Leaf[] = []
  const walk = (part: Json, path: (string | number)[]): void => {
    if (found.length >= most) return
    const entries: [string | number, Json | undefined][] | undefined = Array.isArray(part)
      ? part.map((item, index): [number, Json] => [index, item])
      : isRecord(part)
        ? (Object.entries(part) as [string, Json | undefined][])
        : undefined
    if (entries === undefined || entries.length === 0) found.push({ path, value: part })
    else for (const [key, item] of entries) if (item !== undefined) walk(item, [...path, key])
  }
  walk(value, [])
  return found
}
