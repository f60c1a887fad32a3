import { checkOptions } from '../../../base/options.ts'
import { checkText } from '../../../base/text/text.ts'
import { type Classifier, type Example, trainClassifier } from './classify.ts'

/** For `learningClassifier`. */
export interface LearnerOptions {
  /** Its name in this project: what it learns is kept under it. */
  name: string
  /** The question whose answers it learns to give, as workflows name it: `read the letter`. */
  question: string
  /** The field of the answer. */
  field: string
  /** What it knows before it learns anything. Default: nothing, and it abstains. */
  examples?: Example[]
  /**
   * What it learns from. `corrections`: what people answered, and what they corrected. `answers`: what hosted models answered
   * too, where nobody corrected it. Never what local solvers answered. Default `corrections`.
   */
  from?: 'corrections' | 'answers'
}

/** A classifier that is trained again as people correct it, and exchanged when it got better. */
export interface LearningClassifier extends Classifier {
  readonly kind: 'reeve-learner'
  readonly name: string
  readonly question: string
  readonly field: string
  readonly examples: readonly Example[]
  readonly from: 'corrections' | 'answers'
  /** @internal Classifies with another one from now on; undefined: with what its examples gave. */
  use(classifier: Classifier | undefined): void
}

/**
 * Declares a classifier that learns: for `byClassifier`. While the project's `learning` is on, it is trained each night with what
 * people answered and corrected, tried on held-back cases, and exchanged only where it is better beyond chance:
 * `reeve proposals list --kind training --all` has each exchange, and takes it back.
 * @throws `bad-option` `bad-text`
 * @example
 * import { byClassifier, defineConfig, learningClassifier, localExtractor } from 'reeve'
 *
 * const kind = learningClassifier({ name: 'letter-kind', question: 'read the letter', field: 'kind', from: 'answers' })
 * const reader = localExtractor({ fields: { kind: byClassifier(kind) }, minConfidence: 0.9 })
 * export default defineConfig({
 *   routes: { reading: { solvers: [reader, 'anthropic/claude-haiku-4-5'] } },
 *   learning: { at: '0 3 * * *' },
 * })
 */
export function learningClassifier(options: LearnerOptions): LearningClassifier {
  checkOptions(options, 'a learning classifier', {
    name: 'text!',
    question: 'text!',
    field: 'text!',
    examples: 'objects',
    from: ['text'],
  })
  const { name, question, field, examples = [], from = 'corrections' } = options
  checkText(name, 'The name of a learning classifier')
  const first = examples.length === 0 ? undefined : trainClassifier([...examples])
  let current = first
  return {
    kind: 'reeve-learner',
    name,
    question,
    field,
    examples,
    from,
    get labels() {
      return current?.labels ?? []
    },
    classify: (text) => current?.classify(text) ?? { label: '', confidence: 0, ranked: [] },
    toBytes: () => current?.toBytes() ?? new Uint8Array(),
    use(classifier) {
      current = classifier ?? first
    },
  }
}

export function isLearner(value: unknown): value is LearningClassifier {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-learner'
}
