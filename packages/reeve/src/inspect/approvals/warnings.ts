import type { Json } from '../../base/json/json.ts'
import { briefLine } from '../../base/text/one-line.ts'
import { lookAlikesIn, unseenIn } from '../../base/text/visible-text.ts'

const mostWarnings = 20

/** What a reader of a value should look at twice: what is not seen, what is far below, what can be taken for something else. */
export function warningsOf(shown: Json): string[] {
  const warnings: string[] = []
  const look = (text: string, path: string) => {
    const unseen = unseenIn(text)
    const where = briefLine(path || 'it', 80)
    if (unseen.length > 0)
      warnings.push(
        `${where} holds characters that are not seen, written out here: ${unseen.slice(0, 8).join(' ')}`,
      )
    if (/(\r?\n[^\S\n]*){20}|[^\S\n]{100}/.test(text))
      warnings.push(`${where} has a long empty stretch; read on after it`)
    for (const { word, why } of lookAlikesIn(text).slice(0, 5))
      warnings.push(`${where}: "${briefLine(word, 80)}" ${why}`)
  }
  const walk = (value: Json | undefined, path: string): void => {
    if (warnings.length > mostWarnings) return
    if (typeof value === 'string') look(value, path)
    else if (Array.isArray(value))
      for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        look(key, `the name ${JSON.stringify(key)}`)
        walk(item, path === '' ? key : `${path}.${key}`)
      }
    }
  }
  walk(shown, '')
  if (warnings.length <= mostWarnings) return warnings
  return [...warnings.slice(0, mostWarnings), 'and more of the kind']
}
