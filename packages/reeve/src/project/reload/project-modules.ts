import { realpathSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const mark = 'reeve-load'

/**
 * The modules of a project's own folder, so that its code can be loaded anew in the same process. Each load has a number,
 * which becomes part of the address of every module of the folder, helpers too: Node then reads all of them again. A module
 * passes its number on to what it imports, so that code of an earlier load stays whole, also where it imports late. What is
 * in `node_modules` or outside the folder keeps its one instance.
 *
 * The hook is one of the whole process; `end` takes it away.
 */
export class ProjectModules {
  readonly #root: string
  readonly #hooks: { deregister(): void }
  #load = 0
  /** A file of the project to the files of it that import it, of this load. */
  #importers = new Map<string, Set<string>>()

  constructor(folder: string) {
    this.#root = pathToFileURL(join(realpathSync(folder), '/')).href
    this.#hooks = module.registerHooks({
      resolve: (specifier, context, next) => this.#resolve(specifier, context, next),
    })
  }

  /** What is imported from now on is read from the disk again. */
  beginLoad(): void {
    this.#load++
    this.#importers = new Map()
  }

  /** The files of the project that this load imported, or tried to. */
  get files(): string[] {
    return [...this.#importers.keys()]
  }

  /** These files and those of the project that import them, over any number of files between. */
  dependentsOf(files: readonly string[]): Set<string> {
    const found = new Set(files)
    for (const file of found) for (const importer of this.#importers.get(file) ?? []) found.add(importer)
    return found
  }

  end(): void {
    this.#hooks.deregister()
  }

  #resolve(
    specifier: string,
    context: module.ResolveHookContext,
    next: Parameters<module.ResolveHookSync>[2],
  ): module.ResolveFnOutput {
    const parent = this.#isOwn(context.parentURL) ? context.parentURL : undefined
    let found: module.ResolveFnOutput
    try {
      found = next(specifier, context)
    } catch (error) {
      // It may appear later, and then the importer can be loaded.
      if (parent !== undefined && /^\.{1,2}\//.test(specifier))
        this.#note(new URL(specifier, parent).href, parent)
      throw error
    }
    if (!this.#isOwn(found.url)) return found
    const load = parent === undefined ? this.#load : loadOf(parent)
    if (load === this.#load) this.#note(found.url, parent)
    if (load === 0) return found
    const url = new URL(found.url)
    url.searchParams.set(mark, String(load))
    return { ...found, url: url.href }
  }

  #isOwn(url: string | undefined): url is string {
    return url?.startsWith(this.#root) === true && !url.includes('/node_modules/')
  }

  #note(url: string, parent: string | undefined): void {
    const file = fileURLToPath(url)
    const importers = this.#importers.get(file) ?? new Set()
    this.#importers.set(file, importers)
    if (parent !== undefined) importers.add(fileURLToPath(parent))
  }
}

function loadOf(url: string): number {
  return Number(new URL(url).searchParams.get(mark) ?? 0)
}
