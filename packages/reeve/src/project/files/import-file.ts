import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, ReeveError } from '../../base/errors.ts'

/** What a file exports as its default. @throws `broken-file`, or what the file threw, with its place */
export async function importDefault(file: string, folder: string): Promise<unknown> {
  return (await importFile(file, folder)).default
}

/** Imports a file of a project. @throws `broken-file`, or what the file threw, with its place */
export async function importFile(file: string, folder: string): Promise<{ [name: string]: unknown }> {
  try {
    return (await import(pathToFileURL(file).href)) as { [name: string]: unknown }
  } catch (cause) {
    const where = cause instanceof Error ? placeIn(cause, folder) : undefined
    if (cause instanceof ReeveError) {
      const { code, details } = cause
      throw new ReeveError(code, `${where ?? file}: ${cause.message}`, { cause, details })
    }
    throw new ReeveError(
      'broken-file',
      `${where ?? file} cannot be loaded: ${messageOf(cause).split('\n')[0]}`,
      { cause },
    )
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
