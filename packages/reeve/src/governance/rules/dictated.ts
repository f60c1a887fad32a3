import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'
import { wordsOf } from '../provenance/canonical.ts'
import { isByStrangers } from '../provenance/origin.ts'
import type { Reason } from '../reasons.ts'
import { argumentsOf, type JudgedCall } from './call.ts'

const fewestWords = 4

/**
 * What a call says, word for word, in a text by somebody whom the request does not name: somebody else chose the words. Short
 * ones are said by many, and a text that quotes a part of another is the model's own.
 */
export function judgeDictated(call: JudgedCall): Reason[] {
  const { tool, values, request } = call
  if (changesNothing(tool.effect) || tool.sends === 'none' || !values.hasReadUntrusted) return []
  for (const { name, value } of argumentsOf(call, (role) => role === 'content')) {
    const text = String(value)
    if (wordsOf(text).length < fewestWords || request.quotes(text)) continue
    const found = values.findPhrase(text)
    const stranger = found.find((leaf) => isByStrangers(leaf, values, request))
    if (!stranger || found.some(({ label }) => label !== 'untrusted')) continue
    const { place } = values.itemOf(stranger)
    return [
      {
        code: 'dictated-text',
        text: `${name} stands word for word in ${place}.`,
        verdict: 'ask',
        argument: name,
        origin: place,
      },
    ]
  }
  return []
}
