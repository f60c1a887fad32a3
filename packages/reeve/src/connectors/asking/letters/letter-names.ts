import { sha256 } from '../../../base/hash.ts'
import type { Letter } from '../../../triggers/letters/letter.ts'

const mostNames = 50

/** What a letter is called, as it is kept: whoever reads the database learns no name. */
export function keptName(localPart: string): string {
  return sha256(localPart)
}

/** The names of what a letter answers, as they are kept, the nearest first. Servers may write another domain behind the `@`. */
export function namesIn({ inReplyTo, references }: Pick<Letter, 'inReplyTo' | 'references'>): string[] {
  const ids = [...(inReplyTo?.split(/\s+/) ?? []), ...references.toReversed()].filter(Boolean)
  const locals = ids.map((id) => id.replace(/^</, '').replace(/@[^@]*$/, ''))
  return [...new Set(locals)].slice(0, mostNames).map(keptName)
}
