import { shuffle } from './random.ts'

const epochs = 12
const batchSize = 64
const [firstRate, lastRate] = [0.004, 0.0002]
const [momentum, memory, tiny] = [0.9, 0.999, 1e-8]

/** What is learnt from: texts by their pieces, and the directions that the sums of their rows should have. */
export interface Lesson {
  texts: readonly number[][]
  /** Of unit length, one after the other. */
  targets: Float32Array
  dimensions: number
}

/**
 * Turns the rows of a table so that the sum of a text's rows points where the teacher's vector does: loss 1 − cosine, Adam
 * with a count of steps for each row.
 * @param table row by row; changed in place
 */
export function train(
  table: Float32Array,
  { texts, targets, dimensions }: Lesson,
  held: ReadonlySet<number>,
  tell: (epoch: number, cosine: number) => void,
): void {
  const first = new Float32Array(table.length)
  const second = new Float32Array(table.length)
  const steps = new Uint32Array(table.length / dimensions)
  const order = [...texts.keys()].filter((index) => !held.has(index) && texts[index]!.length > 0)
  const batches = Math.ceil(order.length / batchSize) * epochs
  const sum = new Float64Array(dimensions)
  let batch = 0
  for (let epoch = 1; epoch <= epochs; epoch++) {
    shuffle(order, epoch)
    for (let from = 0; from < order.length; from += batchSize) {
      const gradients = new Map<number, Float64Array>()
      for (const index of order.slice(from, from + batchSize)) {
        const target = targets.subarray(index * dimensions, (index + 1) * dimensions)
        const { length, cosine } = lengthAndCosine(table, texts[index]!, target, sum)
        if (length === 0) continue
        for (const piece of texts[index]!) {
          let gradient = gradients.get(piece)
          if (!gradient) {
            gradient = new Float64Array(dimensions)
            gradients.set(piece, gradient)
          }
          for (let at = 0; at < dimensions; at++)
            gradient[at]! -= (target[at]! - (cosine * sum[at]!) / length) / length / batchSize
        }
      }
      const rate = firstRate + ((lastRate - firstRate) * batch++) / batches
      for (const [piece, gradient] of gradients) {
        const step = ++steps[piece]!
        const [one, two] = [1 - momentum ** step, 1 - memory ** step]
        for (let at = 0, row = piece * dimensions; at < dimensions; at++, row++) {
          const slope = gradient[at]!
          first[row] = momentum * first[row]! + (1 - momentum) * slope
          second[row] = memory * second[row]! + (1 - memory) * slope * slope
          table[row]! -= (rate * (first[row]! / one)) / (Math.sqrt(second[row]! / two) + tiny)
        }
      }
    }
    tell(epoch, meanCosine(table, { texts, targets, dimensions }, held))
  }
}

/** How near the sums are to their targets on the mean. */
export function meanCosine(
  table: Float32Array,
  { texts, targets, dimensions }: Lesson,
  among: ReadonlySet<number>,
): number {
  const sum = new Float64Array(dimensions)
  let all = 0
  for (const index of among) {
    const target = targets.subarray(index * dimensions, (index + 1) * dimensions)
    all += lengthAndCosine(table, texts[index]!, target, sum).cosine
  }
  return all / among.size
}

/** Leaves the sum of the rows in `sum`. */
function lengthAndCosine(
  table: Float32Array,
  text: readonly number[],
  target: Float32Array,
  sum: Float64Array,
): { length: number; cosine: number } {
  sum.fill(0)
  const dimensions = sum.length
  for (const piece of text)
    for (let at = 0, row = piece * dimensions; at < dimensions; at++, row++) sum[at]! += table[row]!
  let squares = 0
  let along = 0
  for (let at = 0; at < dimensions; at++) {
    squares += sum[at]! * sum[at]!
    along += sum[at]! * target[at]!
  }
  const length = Math.sqrt(squares)
  return { length, cosine: length === 0 ? 0 : along / length }
}
