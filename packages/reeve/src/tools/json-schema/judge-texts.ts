import { firstCharacters } from '../../base/text/shorten.ts'
import type { NumberRules, StringRules } from './node.ts'
import { add, type Judge, type Spot, type Verdict } from './spot.ts'

export function judgeNumber(rules: NumberRules, spot: Spot, verdict: Verdict): void {
  const value = spot.value as number
  const { minimum, maximum, above, below, multipleOf } = rules
  const say = (message: string) => add(verdict, [{ spot, message: message }])
  if (minimum !== undefined && value < minimum) say(`${value} is less than ${minimum}.`)
  if (maximum !== undefined && value > maximum) say(`${value} is more than ${maximum}.`)
  if (above !== undefined && value <= above) say(`${value} is not more than ${above}.`)
  if (below !== undefined && value >= below) say(`${value} is not less than ${below}.`)
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    say(`${value} is not a multiple of ${multipleOf}.`)
}

export function judgeString(judging: Judge, rules: StringRules, spot: Spot, verdict: Verdict): void {
  const text = spot.value as string
  const { least, most, pattern, format } = rules
  const say = (message: string) => add(verdict, [{ spot, message: message }])
  if (least !== undefined || most !== undefined) {
    judging.spend(Math.ceil(text.length / 20))
    const length = pointsIn(text)
    if (least !== undefined && length < least)
      say(`It has ${length} characters, and needs at least ${least}.`)
    if (most !== undefined && length > most) say(`It has ${length} characters, and may have at most ${most}.`)
  }
  if (pattern) {
    judging.spend(pattern.pattern.cost(text.length))
    if (!pattern.pattern.test(text))
      say(`It does not match the pattern ${firstCharacters(pattern.source, 200)}`)
  }
  if (format) {
    judging.spend(Math.ceil(Math.min(text.length, 10_000) / 10))
    if (!format.fits(text)) say(`It is not a valid ${format.name}.`)
  }
}

/** Characters as JSON Schema counts them: code points. */
function pointsIn(text: string): number {
  let pairs = 0
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.charCodeAt(index) & 0xfc00) !== 0xd800 || (text.charCodeAt(index + 1) & 0xfc00) !== 0xdc00)
      continue
    pairs++
    index++
  }
  return text.length - pairs
}

/** In decimal, as the two are written: 0.3 is a multiple of 0.1. */
function isMultiple(value: number, divisor: number): boolean {
  if (!Number.isFinite(value)) return false
  const [digits, exponent] = decimalOf(value)
  const [byDigits, byExponent] = decimalOf(divisor)
  const shift = exponent - byExponent
  return shift >= 0
    ? (digits * 10n ** BigInt(shift)) % byDigits === 0n
    : digits % (byDigits * 10n ** BigInt(-shift)) === 0n
}

function decimalOf(value: number): [digits: bigint, exponent: number] {
  const [written = '0', exponent = '0'] = Math.abs(value).toString().split('e')
  const point = written.indexOf('.')
  const places = point < 0 ? 0 : written.length - point - 1
  return [BigInt(written.replace('.', '')), Number(exponent) - places]
}
