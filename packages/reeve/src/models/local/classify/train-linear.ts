import type { SparseVector } from './vocabulary.ts'

/** Labelled vectors, one after the other: vector i is `ids[starts[i] .. starts[i + 1])` with its `values`. */
export interface TrainingSet {
  starts: Uint32Array
  ids: Uint32Array
  values: Float32Array
  /** Share of each text that the vocabulary knows. */
  known: Float32Array
  /** Index of each vector's label. */
  labels: Uint32Array
}

export function gather(labels: Uint32Array, vectorAt: (index: number) => SparseVector): TrainingSet {
  const size = labels.length
  const starts = new Uint32Array(size + 1)
  const known = new Float32Array(size)
  let ids = new Uint32Array(size * 128 + 128)
  let values = new Float32Array(ids.length)
  let end = 0
  for (let index = 0; index < size; index++) {
    const vector = vectorAt(index)
    if (end + vector.count > ids.length) {
      const length = (end + vector.count) * 2
      ids = enlarged(ids, new Uint32Array(length))
      values = enlarged(values, new Float32Array(length))
    }
    ids.set(vector.ids.subarray(0, vector.count), end)
    values.set(vector.values.subarray(0, vector.count), end)
    known[index] = vector.known
    end += vector.count
    starts[index + 1] = end
  }
  return { starts, ids, values, known, labels }
}

function enlarged<T extends Uint32Array | Float32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/**
 * One linear separator per label against all others, with squared hinge loss, by dual coordinate descent (Hsieh and
 * others, "A Dual Coordinate Descent Method for Large-scale Linear SVM", 2008). All labels advance together, one
 * example at a time: their weights for a feature lie side by side, so an example's scores are one sweep.
 * Invariant: the weights are the sum of all examples, each times its dual and its sign. Examples may join later.
 */
export class LinearTrainer {
  /** Feature by feature, one weight per label; the last row is the bias. */
  readonly weights: Float32Array
  readonly #set: TrainingSet
  readonly #labelCount: number
  readonly #biasRow: number
  /** What the dual adds to its own gradient: 1 / (2 * cost). */
  readonly #slack: number
  readonly #duals: Float32Array
  readonly #scores: Float64Array
  readonly #moved: Uint32Array
  readonly #steps: Float64Array

  constructor(set: TrainingSet, labelCount: number, featureCount: number, cost: number) {
    this.#set = set
    this.#labelCount = labelCount
    this.#biasRow = featureCount * labelCount
    this.#slack = 1 / (2 * cost)
    this.weights = new Float32Array(this.#biasRow + labelCount)
    this.#duals = new Float32Array(set.labels.length * labelCount)
    this.#scores = new Float64Array(labelCount)
    this.#moved = new Uint32Array(labelCount)
    this.#steps = new Float64Array(labelCount)
  }

  /** Passes over the examples in random orders until the largest step is below `tolerance`, at most `passes` times. */
  train(examples: Uint32Array, passes: number, tolerance: number, random: () => number): void {
    const order = examples.slice()
    for (let pass = 0; pass < passes; pass++) {
      shuffle(order, random)
      let largest = 0
      for (const example of order) largest = Math.max(largest, this.#visit(example))
      if (largest < tolerance) return
    }
  }

  /** One score per label, in an array that holds until the next call. */
  scoresOf(example: number): Float64Array {
    const { weights } = this
    const set = this.#set
    const labelCount = this.#labelCount
    const scores = this.#scores
    for (let label = 0; label < labelCount; label++) scores[label] = weights[this.#biasRow + label]!
    const end = set.starts[example + 1]!
    for (let at = set.starts[example]!; at < end; at++) {
      const row = set.ids[at]! * labelCount
      const value = set.values[at]!
      for (let label = 0; label < labelCount; label++) scores[label]! += value * weights[row + label]!
    }
    return scores
  }

  #visit(example: number): number {
    const { weights } = this
    const set = this.#set
    const labelCount = this.#labelCount
    const duals = this.#duals
    const moved = this.#moved
    const steps = this.#steps
    const slack = this.#slack
    const scores = this.scoresOf(example)
    const start = set.starts[example]!
    const end = set.starts[example + 1]!
    let curvature = 1 + slack
    for (let at = start; at < end; at++) curvature += set.values[at]! * set.values[at]!
    const own = set.labels[example]!
    const dualRow = example * labelCount
    let largest = 0
    let count = 0
    for (let label = 0; label < labelCount; label++) {
      const sign = label === own ? 1 : -1
      const dual = duals[dualRow + label]!
      const gradient = sign * scores[label]! - 1 + slack * dual
      const next = Math.max(0, dual - gradient / curvature)
      const change = next - dual
      if (change === 0) continue
      duals[dualRow + label] = next
      moved[count] = label
      steps[count++] = change * sign
      weights[this.#biasRow + label]! += change * sign
      largest = Math.max(largest, Math.abs(change))
    }
    for (let at = start; at < end; at++) {
      const row = set.ids[at]! * labelCount
      const value = set.values[at]!
      for (let k = 0; k < count; k++) weights[row + moved[k]!]! += value * steps[k]!
    }
    return largest
  }
}

function shuffle(order: Uint32Array, random: () => number): void {
  for (let index = order.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    const kept = order[index]!
    order[index] = order[other]!
    order[other] = kept
  }
}
