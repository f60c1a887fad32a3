import { ReeveError } from '../../../base/errors.ts'
import { checkOption, checkOptions } from '../../../base/options.ts'
import { installedTable, type StaticTable, tablePackage } from '../text/static-table.ts'
import { fitSharpness, probabilities, type Scored } from './calibrate.ts'
import { badClassifier, type ClassifierParts, packClassifier, unpackClassifier } from './classifier-bytes.ts'
import { seededRandom } from './random.ts'
import { gather, LinearTrainer, type TrainingSet } from './train-linear.ts'
import { learnVocabulary, Vocabulary } from './vocabulary.ts'

/** A text with its label, to learn from. */
export interface Example {
  text: string
  label: string
}

/** A label, and how sure it is. */
export interface Guess {
  label: string
  /** 0 to 1: about the share of such guesses that are right. */
  confidence: number
}

/** What a classifier says of a text. */
export interface Classification extends Guess {
  /** The likeliest labels, best first, at most five. */
  ranked: Guess[]
}

/** A linear classifier over word and character n-grams. Deterministic; reads `maxTextLength` characters of a text. */
export interface Classifier {
  /** In alphabetical order. */
  readonly labels: readonly string[]
  /** An empty or wholly unknown text gets the label that is likeliest by itself, with little confidence. */
  classify(text: string): Classification
  /** All that `loadClassifier` needs to build an equal classifier. */
  toBytes(): Uint8Array
}

/** For `trainClassifier`. */
export interface TrainingOptions {
  /** Decides the order of the examples; the same seed and examples give the same classifier. */
  seed?: number
  /** The most passes over all examples. */
  epochs?: number
  /** What a violated example costs against the simplicity of the separator. */
  cost?: number
  /**
   * Whether it learns from what words mean too, which helps most where a label has few examples: English, by the package
   * `reeve-embedding-table`, which it then needs wherever it is loaded. Default: where that is installed and labels have fewer than
   * 100 examples on the mean; with more, spellings alone say nearly as much in half the time.
   */
  meanings?: boolean
}

const rankedLength = 5
const tolerance = 0.01
/** Examples held out to learn how sure a score is: one in eight of each label. */
const heldOutEvery = 8
/** Below this many examples, features that occur in one text only are kept as well. */
const fewExamples = 500
/** With so many for each label, meanings add little to spellings. */
const manyExamples = 100
/** Bounds the memory of training: features times labels, four bytes each. */
const maxWeights = 2 ** 26

/**
 * Learns from labelled examples, starting with a part of them: how right the scores are on the held-out rest sets the
 * confidence. Then that rest joins in.
 * @throws `no-examples` when there is nothing to learn from; `missing-package`
 * @example
 * import { trainClassifier } from 'reeve'
 *
 * const classifier = trainClassifier([
 *   { text: 'I want my money back', label: 'billing' },
 *   { text: 'The app does not start', label: 'technical' },
 * ])
 * classifier.classify('my money, please')
 */
export function trainClassifier(examples: Example[], options: TrainingOptions = {}): Classifier {
  checkOption(examples, '`examples` of trainClassifier', 'objects!')
  for (const example of examples) checkOptions(example, 'an example', { text: 'text!', label: 'text!' })
  checkOptions(options, 'a classifier', { epochs: 'number', meanings: 'flag' })
  if (examples.length === 0) {
    throw new ReeveError(
      'no-examples',
      'A classifier needs at least one example to learn from; `examples` is empty.',
    )
  }
  const epochs = options.epochs ?? 8
  const labels = [...new Set(examples.map((example) => example.label))].sort()
  const indexOf = new Map(labels.map((label, index) => [label, index]))
  const table = tableFor(options.meanings, examples.length / labels.length)
  const vocabulary = learnVocabulary(
    examples.map((example) => example.text),
    examples.length < fewExamples ? 1 : 2,
    Math.floor(maxWeights / labels.length),
    table,
  )
  const set = gather(
    Uint32Array.from(examples, (example) => indexOf.get(example.label)!),
    (index) => vocabulary.vectorOf(examples[index]!.text),
  )
  const trainer = new LinearTrainer(set, labels.length, vocabulary.size, options.cost ?? 1)
  const random = seededRandom(options.seed ?? 1)
  const { learned, held } = splitByLabel(set.labels)
  trainer.train(learned, Math.ceil(epochs / 2), tolerance, random)
  const sharpness = fitSharpness(Array.from(held, (index) => score(trainer, set, index)))
  trainer.train(Uint32Array.from(examples.keys()), Math.ceil(epochs / 2), tolerance, random)
  return classifierOf({
    labels,
    vocabulary: vocabulary.data,
    meaning: table && { table: table.name, dimensions: table.dimensions },
    sharpness,
    ...quantize(trainer.weights, labels.length),
  })
}

/** @throws `bad-classifier` when the bytes are damaged or no classifier of this version */
export function loadClassifier(bytes: Uint8Array): Classifier {
  return classifierOf(unpackClassifier(bytes))
}

function classifierOf(parts: ClassifierParts): Classifier {
  const { labels, weights, scales, sharpness } = parts
  const vocabulary = new Vocabulary(parts.vocabulary, tableOf(parts))
  const labelCount = labels.length
  const biasRow = vocabulary.size * labelCount
  const biasScale = scales[vocabulary.size]!
  const scores = new Float64Array(labelCount)
  const shares = new Float64Array(labelCount)
  return {
    labels,
    classify(text) {
      const { ids, values, count, known } = vocabulary.vectorOf(text)
      for (let label = 0; label < labelCount; label++) scores[label] = weights[biasRow + label]! * biasScale
      for (let at = 0; at < count; at++) {
        const id = ids[at]!
        const value = values[at]! * scales[id]!
        const row = id * labelCount
        for (let label = 0; label < labelCount; label++) scores[label]! += value * weights[row + label]!
      }
      probabilities(scores, sharpness * known, shares)
      const ranked = highest(shares, scores).map((label) => ({
        label: labels[label]!,
        confidence: shares[label]!,
      }))
      return { ...ranked[0]!, ranked }
    },
    toBytes: () => packClassifier(parts),
  }
}

/** @throws `missing-package` */
function tableFor(meanings: boolean | undefined, perLabel: number): StaticTable | undefined {
  if (!(meanings ?? perLabel < manyExamples)) return undefined
  const table = installedTable()
  if (table || meanings === undefined) return table
  throw new ReeveError(
    'missing-package',
    `A classifier is to learn from what words mean, and ${tablePackage} is not installed. Run: npm install ${tablePackage}`,
  )
}

/** What it was trained with, and nothing else. */
function tableOf({ meaning }: ClassifierParts): StaticTable | undefined {
  const table = meaning && installedTable()
  if (table?.name === meaning?.table) return table
  throw badClassifier(
    `they were trained with the table ${meaning!.table} of ${tablePackage}, and ${table ? `${table.name} is` : 'none is'} installed`,
  )
}

/** Indexes of the highest shares; equal shares are ordered by score, then by label. */
function highest(shares: Float64Array, scores: Float64Array): number[] {
  const top: number[] = []
  for (let label = 0; label < shares.length; label++) {
    let place = top.length
    while (place > 0 && isHigher(label, top[place - 1]!, shares, scores)) place--
    if (place >= rankedLength) continue
    top.splice(place, 0, label)
    if (top.length > rankedLength) top.pop()
  }
  return top
}

function isHigher(label: number, other: number, shares: Float64Array, scores: Float64Array): boolean {
  return (
    shares[label]! > shares[other]! || (shares[label] === shares[other] && scores[label]! > scores[other]!)
  )
}

function splitByLabel(labels: Uint32Array): { learned: Uint32Array; held: Uint32Array } {
  const seen = new Map<number, number>()
  const learned: number[] = []
  const held: number[] = []
  labels.forEach((label, index) => {
    const nth = (seen.get(label) ?? 0) + 1
    seen.set(label, nth)
    // Counted so that small labels, too, hold one out once they can spare it (the fourth, the twelfth, ...).
    if (nth % heldOutEvery === heldOutEvery / 2) held.push(index)
    else learned.push(index)
  })
  return { learned: Uint32Array.from(learned), held: Uint32Array.from(held) }
}

function score(trainer: LinearTrainer, set: TrainingSet, index: number): Scored {
  return { scores: trainer.scoresOf(index).slice(), label: set.labels[index]!, known: set.known[index]! }
}

/** One byte per weight, with one scale per row: a quarter of the memory, so that classifying stays in the cache. */
function quantize(exact: Float32Array, labelCount: number): { weights: Int8Array; scales: Float32Array } {
  const rows = exact.length / labelCount
  const weights = new Int8Array(exact.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    let largest = 0
    for (let at = row * labelCount; at < (row + 1) * labelCount; at++)
      largest = Math.max(largest, Math.abs(exact[at]!))
    if (largest === 0) continue
    scales[row] = largest / 127
    for (let at = row * labelCount; at < (row + 1) * labelCount; at++) {
      weights[at] = Math.round((exact[at]! / largest) * 127)
    }
  }
  return { weights, scales }
}
