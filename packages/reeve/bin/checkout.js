import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../', import.meta.url))

/**
 * Whether this is a checkout whose sources must run, since it was not built, or since something changed after the build.
 * A build starts in less than half the time.
 */
export function mustRunSources() {
  // The package carries its sources for debuggers; nobody changes them.
  if (import.meta.url.includes('/node_modules/') || !existsSync(`${folder}src`)) return false
  const stamp = `${folder}dist/.built-from`
  if (!existsSync(stamp)) return true
  const built = statSync(stamp).mtimeMs
  // The sources and their folders, which are as new as the last file that came or went in them.
  const [, ...sources] = readFileSync(stamp, 'utf8').split('\n')
  return sources.length === 0 || sources.some((path) => !(timeOf(path) < built))
}

/** `NaN`, which is neither older nor newer, where there is none. */
function timeOf(path) {
  return statSync(folder + path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN
}
