import { readFileSync } from 'node:fs'
import { shuffle } from './random.ts'

/** A text that the teacher reads, and the definition it belongs to: two texts of one definition are held out together. */
export interface Text {
  text: string
  definition: number
}

const most = 64_000
const longest = 250

/** "lemma: definition", the definition alone, and quoted examples of 12 to 200 characters of WordNet, in a fixed order. */
export function readTexts(files: readonly string[]): Text[] {
  const texts: Text[] = []
  let definition = 0
  for (const file of files) {
    for (const line of readFileSync(file, 'latin1').split('\n')) {
      const bar = line.indexOf(' | ')
      if (bar < 0 || line.startsWith(' ')) continue
      const lemma = line
        .split(' ', 5)[4]!
        .replaceAll('_', ' ')
        .replace(/\(.*\)$/, '')
      const gloss = line.slice(bar + 3).trim()
      const examples = [...gloss.matchAll(/"([^"]{12,200})"/g)].map(([, example]) => example!)
      const quoted = gloss.indexOf('"')
      const meaning = (quoted < 0 ? gloss : gloss.slice(0, quoted)).replace(/[;:\s]+$/, '')
      if (meaning.length >= 3)
        for (const text of [`${lemma}: ${meaning}`, meaning])
          texts.push({ text: text.slice(0, longest), definition })
      for (const text of examples) texts.push({ text, definition })
      definition++
    }
  }
  shuffle(texts, 7)
  return texts.slice(0, most)
}
