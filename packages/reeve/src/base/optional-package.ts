import { readFileSync } from 'node:fs'
import { createRequire, findPackageJSON } from 'node:module'
import { messageOf, ReeveError } from './errors.ts'
import { readManifest } from './package-files.ts'

/**
 * The entries of optional packages.
 * @param use what needs them, as the subject of a sentence: `Hosted models`
 * @throws `missing-package`, with all that are to be installed; `other-package-version`
 */
export function findPackages<const Names extends string[]>(
  names: Names,
  use: string,
): { [Index in keyof Names]: string } {
  const entries: string[] = []
  for (const name of names) {
    checkInstalled(name, use)
    try {
      entries.push(createRequire(import.meta.url).resolve(name))
    } catch (cause) {
      throw missingPackage([name, ...names.filter((other) => other !== name)], use, cause)
    }
  }
  return entries as { [Index in keyof Names]: string }
}

/**
 * Imports an optional package when it is first used.
 * @param names the package, and those that it is used with
 * @throws `missing-package`, with what to install; `other-package-version`; whatever the package itself throws
 */
export async function importOptional<T>(names: string[], use: string, load: () => Promise<T>): Promise<T> {
  for (const name of names) checkInstalled(name, use)
  try {
    return await load()
  } catch (cause) {
    throw isMissing(names[0]!, cause) ? missingPackage(names, use, cause) : cause
  }
}

/** Not there, or too old to have the part that is asked for. */
function isMissing(name: string, cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return true
  if (code !== 'ERR_MODULE_NOT_FOUND') return false
  return [`'${name}'`, `'${name}/`].some((named) => messageOf(cause).includes(named))
}

function missingPackage(names: string[], use: string, cause: unknown): ReeveError {
  const [name] = names
  const wanted = names.map(withVersion).join(' ')
  return new ReeveError(
    'missing-package',
    `${use} need the package "${name}", which is not installed or too old. Add it to the project: npm install ${wanted}`,
    { cause, details: { package: name!, sent: false } },
  )
}

/** Of another major version it may do something else under the same names: it is not tried. @throws `other-package-version` */
function checkInstalled(name: string, use: string): void {
  const installed = installedVersion(name)
  const range = readManifest().peerDependencies[name]
  if (installed === undefined || range === undefined || isWanted(installed, range)) return
  throw new ReeveError(
    'other-package-version',
    `${use} need the package "${name}" in the versions ${range}, and ${installed} is installed. Install one of these: npm install ${withVersion(name)}`,
    { details: { package: name, installed, wanted: range, sent: false } },
  )
}

function installedVersion(name: string): string | undefined {
  try {
    const file = findPackageJSON(name, import.meta.url)
    return file && (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** By the major version; before 1, by the minor one. */
function isWanted(installed: string, range: string): boolean {
  const [major, minor = 0] = numbersIn(installed)
  const [wantedMajor, wantedMinor = 0] = numbersIn(range)
  if (major !== wantedMajor) return false
  if (major !== 0) return true
  return range.startsWith('^') ? minor === wantedMinor : minor >= wantedMinor
}

function numbersIn(text: string): number[] {
  return (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number)
}

/** As `npm install` takes it: with the versions that this Reeve works with. */
function withVersion(name: string): string {
  const range = readManifest().peerDependencies[name]
  const [major, minor] = range?.replace('^', '').split('.') ?? []
  return range === undefined ? name : `${name}@${major === '0' ? `0.${minor}` : major}`
}
