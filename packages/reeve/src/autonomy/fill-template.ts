import type { Json } from '../base/json/json.ts'
import { isRecord } from '../base/json/record.ts'
import type { Placeholder, Template } from './template.ts'

/** The values that placeholders name: inputs, results of calls by their name, and `output`, the last result. */
export type Scope = Readonly<Record<string, Json>>

/** The value of a placeholder: of an input or a result by its name, else the field of the last result. Undefined: none. */
export function valueAt({ path }: Placeholder, scope: Scope): Json | undefined {
  const [first, ...rest] = path as [string, ...string[]]
  let value = Object.hasOwn(scope, first) ? scope[first] : fieldOf(scope.output, first)
  for (const name of rest) value = fieldOf(value, name)
  return value
}

function fieldOf(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(name) ? (value[Number(name)] as Json | undefined) : undefined
  return isRecord(value) && Object.hasOwn(value, name) ? (value[name] as Json) : undefined
}

/** A value that a text has a place for. */
export type Filled = { ok: true; text: string } | { ok: false; problem: string }

/** A value as it may stand there; undefined: it may not. */
export type Escape = (text: string) => string | undefined

/** The text with its values in their places, each escaped for where it stands. */
export function fill({ parts }: Template, scope: Scope, escaped: Escape = asItIs): Filled {
  let text = ''
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const value = valueAt(part, scope)
    const name = `{${part.path.join('.')}}`
    if (value === undefined || value === null) return { ok: false, problem: `${name} has no value` }
    if (typeof value === 'object') return { ok: false, problem: `${name} is not a text, number or boolean` }
    const fitting = escaped(String(value))
    if (fitting === undefined)
      return {
        ok: false,
        problem: `${name} may not be used there: it is ${JSON.stringify(String(value).slice(0, 60))}`,
      }
    text += fitting
  }
  return { ok: true, text }
}

function asItIs(text: string): string {
  return text
}

/** A part of an address: no value reaches another path, query or host. */
export function inUrl(text: string): string | undefined {
  return /^\.{1,2}$/.test(text) || !text.isWellFormed() ? undefined : encodeURIComponent(text)
}

/** A part of a name of a file: no value reaches another folder. */
export function inPath(text: string): string | undefined {
  return text === '' || /[/\\\0]/.test(text) || /^\.{1,2}$/.test(text) ? undefined : text
}
