import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes } from '../../packages/reeve/src/base/error-codes/error-codes.ts'

const source = join(import.meta.dirname, '../../packages/reeve/src')

/** Where an error with a code is made, and whether it says that it may be tried again; null: a docstring promises it. */
interface Made {
  code: string
  file: string
  retryable: 'yes' | 'no' | 'by case' | null
}

const makers = /(?:ReeveError|misfit|super)\(\s*'([a-z0-9-]+)'/g
const promises = /@throws[^@]*?(?=\*\/|@)/g
/** A code among other texts: one of a table, or of an option that becomes the error's code. */
const literals = /'([a-z0-9]+(?:-[a-z0-9]+)*)'/g

/** The codes of errors that the source makes, and those that docstrings promise. */
export function codesMade(): Made[] {
  return sources().flatMap(({ file, text }) => [
    ...[...text.matchAll(makers)].map((match) => {
      return { code: match[1]!, file, retryable: retryableIn(callFrom(text, match.index)) }
    }),
    ...[...text.matchAll(promises)].flatMap(([promise]) =>
      [...promise.matchAll(/`([a-z0-9]+-[a-z0-9-]+)`/g)].map((match) => {
        return { code: match[1]!, file, retryable: null }
      }),
    ),
  ])
}

/** Every text of the source that could be a code. */
export function codeTexts(): Set<string> {
  return new Set(sources().flatMap(({ text }) => [...text.matchAll(literals)].map((match) => match[1]!)))
}

function sources(): { file: string; text: string }[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('base/error-codes/'))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }))
}

/** The text of a call, from its name to its last bracket. */
function callFrom(text: string, from: number): string {
  let depth = 0
  for (let index = from; index < text.length; index++) {
    if (text[index] === '(') depth++
    else if (text[index] === ')' && --depth === 0) return text.slice(from, index)
  }
  return text.slice(from)
}

function retryableIn(call: string): NonNullable<Made['retryable']> {
  if (/retryable: true/.test(call)) return 'yes'
  return /\bretryable\b|\boptions\b/.test(call) && !/retryable: false/.test(call) ? 'by case' : 'no'
}

/** Every code, as Markdown. */
export function errorsReference(): string {
  const made = Map.groupBy(codesMade(), ({ code }) => code)
  const rows = Object.keys(errorCodes)
    .sort()
    .map((code) => {
      const [meaning, advice] = errorCodes[code]!
      const all = made.get(code) ?? []
      const makes = all.filter(({ retryable }) => retryable !== null)
      const places = makes.length > 0 ? makes : all
      return `| \`${code}\` | ${meaning} | ${advice} | ${retryableOf(places)} | ${layersOf(places)} |`
    })
  return `<!-- Made by npm run reference from base/error-codes. -->

# Error codes

Every error of Reeve has a stable \`code\`, a message that says what failed, with which value and what to do next, and
\`retryable\`: whether the same may succeed when it is tried again. Go by the code and the flag, never by the message.

| code | what it means | what to do | retryable | comes from |
|---|---|---|---|---|
${rows.join('\n')}
`
}

function retryableOf(places: readonly Made[]): string {
  const said = new Set(places.map(({ retryable }) => retryable))
  const [only] = said
  return said.size > 1 ? 'by case' : (only ?? 'no')
}

function layersOf(places: readonly Made[]): string {
  const layers = new Set(places.map(({ file }) => (file.includes('/') ? file.split('/')[0]! : file)))
  return [...layers].sort().join(', ')
}
