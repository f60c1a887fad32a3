import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Folders whose every file belongs to a project, beside what its code imports. */
const folders = ['workflows', 'tools', 'agents', 'daemons', 'goals', 'policies', 'scripts', 'directives']
const configFile = 'reeve.config.ts'
/** The variables of a project. */
export const envFile = '.env'
const leftAlone = /^\.|^(?:node_modules|__pycache__)$|~$/

/** What became of a file. */
export interface FileChange {
  file: string
  change: 'added' | 'changed' | 'removed'
}

/**
 * Tells which files of a project changed since it was loaded. It looks, and does not listen: what an editor does to a file
 * differs, and a network's or a container's folder tells nobody. A change counts once two looks see the same, so that
 * files that are saved together come together.
 */
export class FileChanges {
  readonly #folder: string
  readonly #imported: () => readonly string[]
  #known: ReadonlyMap<string, string>
  #seen: ReadonlyMap<string, string>

  /** `imported`: further files, which lie anywhere. */
  constructor(folder: string, imported: () => readonly string[]) {
    this.#folder = realpathSync(folder)
    this.#imported = imported
    this.#known = this.#look()
    this.#seen = this.#known
  }

  /** What changed since the last time that something was told. */
  read(): FileChange[] {
    this.#learnLate()
    const now = this.#look()
    const isSettled = differences(this.#seen, now).length === 0
    this.#seen = now
    if (!isSettled) return []
    const changes = differences(this.#known, now)
    this.#known = now
    return changes
  }

  /** What was imported meanwhile counts as known. */
  refresh(): void {
    for (const [file, stamp] of this.#look()) {
      if (this.#known.has(file)) continue
      this.#known = new Map([...this.#known, [file, stamp]])
      this.#seen = new Map([...this.#seen, [file, stamp]])
    }
  }

  /** What code imported only after the load, as a stand-in of a connector, is read as it is: that is no change. */
  #learnLate(): void {
    const late = this.#imported().filter((file) => !this.#known.has(file) && !this.#seen.has(file))
    if (late.length === 0) return
    const own = new Set(filesOfFolders(this.#folder))
    const stamps = late.filter((file) => !own.has(file)).map((file) => [file, stampOf(file)] as const)
    this.#known = new Map([...this.#known, ...stamps])
    this.#seen = new Map([...this.#seen, ...stamps])
  }

  #look(): Map<string, string> {
    const files = filesOfFolders(this.#folder)
    const own = [configFile, envFile].map((name) => join(this.#folder, name))
    const all = [...own, ...files, ...this.#imported()]
    return new Map(all.map((file) => [file, stampOf(file)]))
  }
}

const absent = 'absent'

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileChange[] {
  const all = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return all.flatMap((file): FileChange[] => {
    const [was = absent, is = absent] = [before.get(file), after.get(file)]
    if (was === is) return []
    return [{ file, change: was === absent ? 'added' : is === absent ? 'removed' : 'changed' }]
  })
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat?.isFile() ? `${stat.mtimeMs}-${stat.size}-${stat.ino}` : absent
}

function filesOfFolders(root: string): string[] {
  return folders.flatMap((folder) => filesBelow(join(root, folder)))
}

function filesBelow(folder: string): string[] {
  let entries: ReturnType<typeof entriesOf>
  try {
    entries = entriesOf(folder)
  } catch {
    return []
  }
  return entries
    .filter(({ name }) => !leftAlone.test(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(path) : [path]
    })
}

function entriesOf(folder: string) {
  return readdirSync(folder, { withFileTypes: true })
}
