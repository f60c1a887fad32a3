import { isDeepStrictEqual } from 'node:util'
import type { LessonBody } from './lesson.ts'

/**
 * Whether two lessons cannot both be followed: of the same matter they say other things, or one wants a sentence that the other
 * strikes out.
 */
export function contradict(
  one: Pick<LessonBody, 'workflow' | 'matter'>,
  other: Pick<LessonBody, 'workflow' | 'matter'>,
): boolean {
  const [left, right] = [one.matter, other.matter]
  if (!left || !right || one.workflow !== other.workflow) return false
  if (left.subject !== right.subject || left.field !== right.field) return false
  const isSame = isDeepStrictEqual(left.from, right.from)
  const isOtherWay = isDeepStrictEqual(left.from, right.to) && isDeepStrictEqual(left.to, right.from)
  return isOtherWay || (isSame && !isDeepStrictEqual(left.to, right.to))
}
