import { pixels } from './css-values.ts'

const longest = 400
const deepest = 20
const functions = /(?:calc|min|max|clamp)\(/

interface Amount {
  size: number
  /** `mixed`: of shares and lengths, which nobody knows without the box. */
  unit: 'px' | '%' | '' | 'mixed'
}

/**
 * A value with each `calc`, `min`, `max` and `clamp` in it replaced by what it comes to, as far as that is known.
 * `base`: what `em` counts from, in pixels.
 */
export function computed(value: string | undefined, base: number): string | undefined {
  if (value === undefined || value.length > longest || !functions.test(value)) return value
  let text = ''
  for (let at = 0; at < value.length; ) {
    const found = functions.exec(value.slice(at))
    if (!found) return text + value.slice(at)
    const start = at + found.index
    const reader = new Reader(value, start, base)
    const amount = reader.term(0)
    const isKnown = amount && amount.unit !== 'mixed' && Number.isFinite(amount.size)
    // What is not known is passed over by its name, so that what stands in it is still computed.
    const end = isKnown ? reader.at : start + found[0].length
    text += value.slice(at, start) + (isKnown ? written(amount) : found[0])
    at = end
  }
  return text
}

function written({ size, unit }: Amount): string {
  return `${Number(size.toFixed(4))}${unit}`
}

/** Reads by descent; `undefined` where it does not understand. */
class Reader {
  at: number
  readonly #text: string
  readonly #base: number

  constructor(text: string, at: number, base: number) {
    this.#text = text
    this.at = at
    this.#base = base
  }

  term(depth: number): Amount | undefined {
    if (depth > deepest) return undefined
    const name = this.#take(/(calc|min|max|clamp|)\(/y)
    if (name === undefined) return this.#literal()
    const parts: Amount[] = []
    do {
      const part = this.#sum(depth + 1)
      if (!part) return undefined
      parts.push(part)
    } while (this.#take(/,()/y) !== undefined)
    if (this.#take(/\)()/y) === undefined) return undefined
    return combined(name, parts)
  }

  #sum(depth: number): Amount | undefined {
    let sum = this.#product(depth)
    for (let sign = this.#take(/([+-])/y); sum && sign; sign = this.#take(/([+-])/y)) {
      const next = this.#product(depth)
      if (!next) return undefined
      const unit = sum.unit === next.unit ? sum.unit : 'mixed'
      sum = { size: sum.size + (sign === '+' ? next.size : -next.size), unit }
    }
    return sum
  }

  #product(depth: number): Amount | undefined {
    let product = this.term(depth)
    for (let sign = this.#take(/([*/])/y); product && sign; sign = this.#take(/([*/])/y)) {
      const next = this.term(depth)
      if (!next || (next.unit !== '' && (sign === '/' || product.unit !== ''))) return undefined
      const size = sign === '*' ? product.size * next.size : product.size / next.size
      product = { size, unit: product.unit === '' ? next.unit : product.unit }
    }
    return product
  }

  #literal(): Amount | undefined {
    const text = this.#take(/([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?:[a-z]+|%)?)/y)
    if (text === undefined) return undefined
    if (text.endsWith('%')) return { size: Number.parseFloat(text), unit: '%' }
    const size = pixels(text, this.#base)
    return size === undefined ? undefined : { size, unit: /[a-z]$/.test(text) ? 'px' : '' }
  }

  /** What the pattern's group finds here, past blanks. */
  #take(pattern: RegExp): string | undefined {
    while (/\s/.test(this.#text[this.at] ?? '')) this.at++
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)
    if (!found) return undefined
    this.at = pattern.lastIndex
    return found[1]
  }
}

function combined(name: string, parts: readonly Amount[]): Amount | undefined {
  const [first, second, third] = parts
  if (!first) return undefined
  if (name === '' || name === 'calc') return parts.length === 1 ? first : undefined
  const unit = parts.every((part) => part.unit === first.unit) ? first.unit : 'mixed'
  const sizes = parts.map(({ size }) => size)
  if (name === 'clamp') {
    if (!second || !third || parts.length > 3) return undefined
    // It is never above its upper bound, whatever the share in the middle comes to.
    if (unit === 'mixed')
      return first.unit === third.unit && first.size >= third.size ? first : { size: 0, unit }
    return { size: Math.max(first.size, Math.min(second.size, third.size)), unit }
  }
  if (unit !== 'mixed') return { size: name === 'min' ? Math.min(...sizes) : Math.max(...sizes), unit }
  // A minimum with no length among its parts that is more than nothing is nothing.
  return name === 'min'
    ? (parts.find(({ size, unit: own }) => own !== 'mixed' && size <= 0) ?? { size: 0, unit })
    : { size: 0, unit }
}
