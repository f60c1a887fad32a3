import { join } from 'node:path'
import { readLabelled } from '../../examples/support-triage/ingest/train-set.ts'
import { type Example, trainClassifier } from '../../packages/reeve/src/models/local/classify/classify.ts'

/** The share of right labels with so many examples of each, by features of spelling alone and with meanings. */
export interface FewShotFigures {
  /** 0: all there are. */
  perLabel: number
  spellings: number
  meanings: number
  /** Those that only one of the two gets right, for a paired test. */
  onlyMeanings: number
  onlySpellings: number
}

const sizes = [5, 10, 20, 0]

/** Customer messages of Banking77: a classifier for 77 intents that was shown few of each. */
export async function measureFewShot(folder: string): Promise<FewShotFigures[]> {
  const train = await examplesIn(join(folder, 'train.csv'))
  const test = await examplesIn(join(folder, 'test-open.csv'))
  return sizes.map((perLabel) => {
    const seen = new Map<string, number>()
    const shown = train.filter(({ label }) => {
      const count = (seen.get(label) ?? 0) + 1
      seen.set(label, count)
      return perLabel === 0 || count <= perLabel
    })
    const right = (meanings: boolean) => {
      const classifier = trainClassifier(shown, { meanings })
      return test.map(({ text, label }) => classifier.classify(text).label === label)
    }
    const [spellings, meanings] = [right(false), right(true)]
    const share = (all: boolean[]) => all.filter(Boolean).length / test.length
    return {
      perLabel,
      spellings: share(spellings),
      meanings: share(meanings),
      onlyMeanings: test.filter((_, at) => meanings[at] && !spellings[at]).length,
      onlySpellings: test.filter((_, at) => spellings[at] && !meanings[at]).length,
    }
  })
}

async function examplesIn(file: string): Promise<Example[]> {
  const examples: Example[] = []
  for await (const reading of readLabelled(file)) {
    if (!reading.ok) throw new Error(`${reading.where}: ${reading.problem}`)
    examples.push(reading.row)
  }
  return examples
}
