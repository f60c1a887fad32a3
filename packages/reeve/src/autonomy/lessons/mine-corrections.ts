import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../base/json/json.ts'
import { inertText } from '../../base/text/inert-text.ts'
import { isoText } from '../../base/time/time.ts'
import type { Corrected } from '../../inspect/failures/corrected.ts'
import type { FoundLesson, LessonMatter, LessonRule } from './lesson.ts'
import { isLabelLike, quotedValue, sentencesOf } from './words.ts'

const leastTimes = 3
const leastNotes = 2
const leastShare = 0.6
const mostNamed = 20
/** Shorter texts are values and no prose. */
const leastProse = 30

interface Change {
  of: Corrected
  field: string
  from: Json
  to: Json
}

/**
 * What people change again and again: a value to always the same other one, sentences that they add or strike out, and what they say
 * when they reject. All of it is words of people.
 */
export function lessonsOfPeople(corrected: readonly Corrected[]): FoundLesson[] {
  const changes = corrected.flatMap(changesOf)
  const byField = Map.groupBy(changes, ({ of, field }) => JSON.stringify([of.workflow, of.subject, field]))
  return [
    ...[...byField.values()].flatMap((some) => [...valuesChanged(some), ...sentencesChanged(some)]),
    ...saidRejecting(corrected),
  ]
}

function changesOf(of: Corrected): Change[] {
  return of.changes.flatMap(({ field, from, to }) =>
    from === undefined || to === undefined ? [] : [{ of, field, from, to }],
  )
}

function valuesChanged(changes: readonly Change[]): FoundLesson[] {
  const short = changes.filter(({ from, to }) => isLabel(from) && isLabel(to))
  return [...Map.groupBy(short, ({ from }) => JSON.stringify(from)).values()].flatMap((same) => {
    const { to } = same[0]!
    const times = same.filter((each) => isDeepStrictEqual(each.to, to))
    if (times.length < leastTimes || times.length / same.length < 0.8) return []
    const { of, field, from } = times[0]!
    const matter = { subject: of.subject, field, from, to }
    const text = `People changed ${field} from ${quotedValue(from)} to ${quotedValue(to)} in ${times.length} of ${same.length} cases where they changed it (${inertText(of.subject)}): look twice before you say ${quotedValue(from)}.`
    return [found('people-change', times, matter, text, same.length)]
  })
}

function sentencesChanged(changes: readonly Change[]): FoundLesson[] {
  const prose = changes.filter(
    ({ from, to }) =>
      typeof from === 'string' && typeof to === 'string' && from.length + to.length >= leastProse * 2,
  )
  if (prose.length < leastTimes) return []
  const split = prose.map((each) => {
    const [before, after] = [sentencesOf(each.from as string), sentencesOf(each.to as string)]
    return {
      each,
      added: [...new Set(after.filter((sentence) => !before.includes(sentence)))],
      dropped: [...new Set(before.filter((sentence) => !after.includes(sentence)))],
    }
  })
  const often = (which: 'added' | 'dropped') => {
    const times = Map.groupBy(
      split.flatMap(({ each, [which]: sentences }) => sentences.map((sentence) => ({ sentence, each }))),
      ({ sentence }) => sentence,
    )
    return [...times].filter(
      ([, some]) => some.length >= leastTimes && some.length / prose.length >= leastShare,
    )
  }
  const lessons = (rule: LessonRule, which: 'added' | 'dropped', word: string) =>
    often(which).map(([sentence, times]) => {
      const some = times.map(({ each }) => each)
      const { of, field } = some[0]!
      const matter = { subject: of.subject, field, from: sentence, to: which }
      const text = `People ${word} ${field} of ${inertText(of.subject)} (${some.length} of ${prose.length} edits): ${quotedValue(sentence)}`
      return found(rule, some, matter, text, prose.length)
    })
  return [
    ...lessons('people-add', 'added', 'add this to'),
    ...lessons('people-drop', 'dropped', 'take this out of'),
  ]
}

function saidRejecting(corrected: readonly Corrected[]): FoundLesson[] {
  const said = corrected.filter(({ what, note }) => what === 'rejected' && (note ?? '').trim() !== '')
  const same = Map.groupBy(said, ({ workflow, subject, note }) =>
    JSON.stringify([workflow, subject, plain(note!)]),
  )
  return [...same.values()].flatMap((some) => {
    if (some.length < leastNotes) return []
    const { subject, note } = some[0]!
    const matter = { subject, field: 'rejected', from: plain(note!), to: null }
    const text = `People rejected ${inertText(subject)} ${some.length} times, saying: ${quotedValue(note!)}`
    const changes = some.map((of) => ({ of, field: '', from: null, to: null }))
    return [found('people-say', changes, matter, text, some.length)]
  })
}

function found(
  rule: LessonRule,
  times: readonly Change[],
  matter: LessonMatter,
  text: string,
  outOf: number,
): FoundLesson {
  const ends = times.map(({ of }) => of.at)
  return {
    ...{
      rule,
      workflow: times[0]!.of.workflow,
      question: null,
      condition: null,
      act: 'advise',
      text,
      matter,
    },
    evidence: {
      runs: [...new Set(times.map(({ of }) => of.run))].slice(0, mostNamed),
      decisions: times.map(({ of }) => of.id).slice(0, mostNamed),
      figures: { times: times.length, of: outOf },
      from: isoText(Math.min(...ends)),
      until: isoText(Math.max(...ends)),
    },
  }
}

function isLabel(value: Json): boolean {
  if (typeof value === 'string') return isLabelLike(value)
  return value === null || typeof value === 'number' || typeof value === 'boolean'
}

function plain(note: string): string {
  return note.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}
