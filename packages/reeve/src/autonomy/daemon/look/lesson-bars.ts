import type { Json } from '../../../base/json/json.ts'
import { type Condition, featuresOf, holds } from '../../lessons/features.ts'
import type { Bar, LiveLessons } from '../../lessons/live-lessons.ts'
import type { OpenDirective } from '../deciding/openings.ts'

/** A lesson that speaks against a directive at this look. */
export interface LessonBar {
  id: string
  directive: string
  text: string
  /** What its inputs must be for it to speak; null: it does now, whatever they are. */
  input: Condition | null
}

/** The lessons that speak against something, as far as that is known before inputs are chosen. */
export function lessonsAt(
  lessons: Pick<LiveLessons, 'barsFor'>,
  directives: readonly OpenDirective[],
  { run, gathered, now }: { run: string; gathered: Json; now: number },
): { barred: LessonBar[]; withheld: string[] } {
  const { used, withheld } = lessons.barsFor(run)
  if (used.length + withheld.length === 0) return { barred: [], withheld: [] }
  const features = featuresOf({ input: undefined, gathered, at: now })
  const speaking = (bars: readonly Bar[]) =>
    bars.flatMap(({ id, workflow, condition, text }): LessonBar[] => {
      const directive = directives.find((each) => each.workflow === workflow)
      if (!directive) return []
      const isOfInput = condition.at.startsWith('input')
      if (!isOfInput && !holds(condition, features)) return []
      return [{ id, directive: directive.name, text, input: isOfInput ? condition : null }]
    })
  return { barred: speaking(used), withheld: speaking(withheld).map(({ id }) => id) }
}

/** What speaks against a directive with these inputs; undefined: nothing. */
export function barOn(
  bars: readonly LessonBar[],
  directive: string,
  inputs: { [name: string]: Json },
): string | undefined {
  const own = bars.filter((bar) => bar.directive === directive && bar.input !== null)
  if (own.length === 0) return undefined
  const features = featuresOf({ input: inputs, gathered: undefined, at: 0 })
  const bar = own.find(({ input }) => holds(input!, features))
  return bar && `a lesson speaks against it: ${bar.text}`
}
