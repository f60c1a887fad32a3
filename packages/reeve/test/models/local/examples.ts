import type { Example } from '../../../src/models/local/classify/classify.ts'

/** Every frame with every noun of every topic in the place of NOUN, labelled with the topic. */
export function examplesOf(topics: Record<string, string[]>, frames: string[]): Example[] {
  return Object.entries(topics).flatMap(([label, nouns]) =>
    nouns.flatMap((noun) => frames.map((frame) => ({ text: frame.replace('NOUN', noun), label }))),
  )
}
