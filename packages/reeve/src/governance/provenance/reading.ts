import type { Json } from '../../base/json/json.ts'
import { type Field, fieldsOf } from './fields.ts'
import type { Label } from './labels.ts'

/** What made a read answer what it did: the operator's words, nobody's in particular, or text that nobody vouches for. */
export type Steering = 'operator' | 'open' | 'untrusted'

/** One thing that a run has read, as the edge labelled it. */
export interface Reading {
  value: Json
  /** Of the fields that cannot carry instructions; prose in it is untrusted, unless `isVouched`. */
  label: Label
  isPrivate: boolean
  /** Where it stands, in words for a person: "a mail", "the file /bills/may.txt". */
  place: string
  /** The arguments that asked for exactly this: a path, a URL, a channel. */
  askedBy?: readonly string[]
  /** Default `open`. */
  steering?: Steering
  /** The whole text is prose, however short: a file's or page's content. */
  isProse?: boolean
  /** Prose in it is as trusted as the rest: nobody outside can write into it. */
  isVouched?: boolean
}

/** The fields of what was read. */
export function fieldsIn({ value, isProse = false }: Reading): Field[] {
  return fieldsOf(value, { isProse })
}

/** What a field of a reading is worth: prose is untrusted, unless it is the operator's, the project's or vouched for. */
export function labelOf({ label, steering, isVouched }: Reading, { isFree }: Field): Label {
  if (steering === 'untrusted') return 'untrusted'
  return isFree && !isVouched && label !== 'operator' && label !== 'project' ? 'untrusted' : label
}

/** Told without an index; of most readings it follows from the label alone. */
export function holdsUntrusted(reading: Reading): boolean {
  const isSafe = reading.isVouched || reading.label === 'operator' || reading.label === 'project'
  if (isSafe && reading.steering !== 'untrusted') return false
  return fieldsIn(reading).some((field) => labelOf(reading, field) === 'untrusted')
}
