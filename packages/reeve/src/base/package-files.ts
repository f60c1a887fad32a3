import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

/** The folder of the code that runs: `src/` in a checkout, `dist/` in the package, where a file holds many modules. */
export const codeFolder = codeFolderOf(import.meta.url)
const extension = extname(import.meta.url)

/** The folder of this package. */
export const packageFolder = new URL('../', codeFolder)

export interface PackageManifest {
  name: string
  version: string
  /** Optional packages, with the versions that work. */
  peerDependencies: Record<string, string>
}

export function readManifest(): PackageManifest {
  return JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as PackageManifest
}

/**
 * The file of a module that is started as a process or a thread of its own, or loaded into one: TypeScript in a
 * checkout, JavaScript in the package. The build finds these modules by the calls of this function.
 * @param path below `src/`, without extension: `'store/audit/audit-thread'`
 */
export function moduleUrl(path: string): URL {
  return new URL(`${path}${extension}`, codeFolder)
}

/** @param module the URL of a file below that folder */
export function codeFolderOf(module: string): URL {
  return new URL(/.*\/(?:src|dist)\//.exec(module)![0])
}
