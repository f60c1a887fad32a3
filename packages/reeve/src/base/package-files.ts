import { readFileSync } from 'node:fs'
import { extname } from 'node:path'

/** The folder of this package. Sources and build have the same depth (`src/base`, `dist/base`), so it is found from both. */
export const packageFolder = new URL('../../', import.meta.url)

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
 * The script that stands beside a module and is started as a process or a thread of its own: TypeScript in the
 * repository, JavaScript in the package.
 * @param module the module's `import.meta.url`
 * @param name the script's file name without its extension
 */
export function siblingScript(module: string, name: string): URL {
  return new URL(`./${name}${extname(module)}`, module)
}
