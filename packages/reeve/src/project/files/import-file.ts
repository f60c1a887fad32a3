import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { importAdvice } from './import-advice.ts'

/** Code of a project that takes longer to load waits for something that does not come. */
const longestLoadMs = 30_000

/** What a file exports as its default. @throws `broken-file`, or what the file threw, with its place */
export async function importDefault(file: string, folder: string): Promise<unknown> {
  return (await importFile(file, folder)).default
}

/** Imports a file of a project. @throws `broken-file`, or what the file threw, with its place */
export async function importFile(file: string, folder: string): Promise<{ [name: string]: unknown }> {
  try {
    return await loaded(import(pathToFileURL(file).href), file)
  } catch (cause) {
    const where = cause instanceof Error ? placeIn(cause, folder) : undefined
    if (cause instanceof ReeveError) {
      const { code, details } = cause
      if (cause.message.startsWith(file)) throw cause
      throw new ReeveError(code, `${where ?? file}: ${cause.message}`, { cause, details })
    }
    const { advice, line } = importAdvice(cause, file)
    const place = where ?? (line === undefined ? file : `${file}:${line}`)
    const why = messageOf(cause).split('\n')[0]!
    const told = advice === undefined ? why : `${why.replace(/\.$/, '')}. ${advice}`
    throw new ReeveError('broken-file', `${place} cannot be loaded: ${told}`, { cause })
  }
}

/** The timer also keeps the process: with nothing else to wait for it would end without a word. */
async function loaded<T>(importing: Promise<T>, file: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const why = `${file} has not been loaded after ${longestLoadMs / 1000} s: it, or a file that it imports, has an \`await\` outside of functions that does not end`
    const advice = 'Do such work in a step of a workflow, or in `services` of the configuration.'
    late.reject(new ReeveError('broken-file', `${why}. ${advice}`))
  }, longestLoadMs)
  try {
    return await Promise.race([importing, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The first `file:line` of the project's own that an import error names, as a path or as a URL. */
function placeIn(error: Error, folder: string): string | undefined {
  const stack = error.stack ?? ''
  for (const root of [join(folder, '/'), pathToFileURL(join(folder, '/')).href]) {
    for (let at = stack.indexOf(root); at >= 0; at = stack.indexOf(root, at + root.length)) {
      const [, path, line] = /^([^\n:?]+)(?:\?[^\n:]*)?:(\d+)/.exec(stack.slice(at + root.length)) ?? []
      if (path === undefined || path.includes('node_modules/')) continue
      return `${join(folder, root.startsWith('file:') ? decodeURI(path) : path)}:${line}`
    }
  }
  return undefined
}
