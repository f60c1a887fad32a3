import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const stripped = 'Node only removes types and makes no code of them'

/** What to write in place of what Node does not run, by what it says. */
const inPlaceOf: readonly [RegExp, string][] = [
  [
    /TypeScript enum is not supported/,
    `${stripped}. Write a union of texts ('red' | 'blue'), or an object: const Colour = { Red: 'red' } as const.`,
  ],
  [
    /TypeScript namespace/,
    `${stripped}. Put what is in the namespace into a file of its own, and import that.`,
  ],
  [
    /TypeScript parameter property/,
    `${stripped}. Declare the field in the class, and assign it in the constructor.`,
  ],
  [/TypeScript import equals/, `${stripped}. Write: import name from '…'.`],
  [/TypeScript export assignment/, `${stripped}. Write: export default …`],
  [/not supported in strip-only mode/, `${stripped}.`],
  [
    /does not provide an export named '(\w+)'/,
    "Mind the spelling; a type is imported with: import type { $1 } from '…'.",
  ],
  [/needs an import attribute of "type: json"/, "Write: import name from '…' with { type: 'json' }."],
  [/^__dirname is not defined/, 'Write: import.meta.dirname.'],
  [/^__filename is not defined/, 'Write: import.meta.filename.'],
  [/^(module|exports) is not defined/, 'Write: export default …'],
  [/^Cannot access '\w+' before init/, 'It is used above its declaration, or two files import each other.'],
]

/**
 * What to do about code that Node cannot load, with the line of it where Node does not tell one.
 * @param file the file that was imported; what is wrong may stand in one that it imports
 */
export function importAdvice(cause: unknown, file: string): { advice?: string; line?: number } {
  if (!(cause instanceof Error)) return {}
  const { message } = cause
  for (const [said, advice] of inPlaceOf) {
    const found = said.exec(message)
    if (found) return { advice: advice.replace('$1', found[1] ?? '') }
  }
  if (message === 'Invalid or unexpected token') return adviceOnDecorators(file)
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? []
  if (name !== undefined) return { advice: adviceOnPackage(name) }
  if (/^(Cannot find module|Directory import) '/.test(message)) return { advice: adviceOnModule(cause, file) }
  return {}
}

/** Node reads a decorator as a stray character, and does not say where. */
function adviceOnDecorators(file: string): { advice: string; line?: number } {
  const at = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => /^\s*@\w/.test(line))
  const advice = 'Node does not run decorators (@name): call the function yourself.'
  return at < 0 ? { advice } : { advice, line: at + 1 }
}

function adviceOnPackage(name: string): string {
  if (/^[@~]\//.test(name))
    return 'Node does not know the `paths` of tsconfig.json: write a path that begins with ./ or ../.'
  return `Install it: npm install ${name}`
}

function adviceOnModule(cause: Error, file: string): string {
  const { url } = cause as { url?: string }
  const [, said = ''] = /^[^']+'([^']+)'/.exec(cause.message) ?? []
  const wanted = url?.startsWith('file:') ? fileURLToPath(url) : said
  const [, importer = file] = / imported from (.+)$/.exec(cause.message.split('\n')[0]!) ?? []
  const bare = /^\.[cm]?jsx?$/.test(extname(wanted)) ? wanted.slice(0, -extname(wanted).length) : wanted
  const there = ['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js']
    .map((ending) => `${bare}${ending}`)
    .find((path) => existsSync(path))
  if (there === undefined) return 'There is no such file. Mind the spelling, and where the path begins.'
  const path = relative(dirname(importer), there)
  return `Write the file's whole name: ${path.startsWith('.') ? path : `./${path}`}`
}
