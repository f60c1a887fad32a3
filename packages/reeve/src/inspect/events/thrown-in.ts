import { posix, win32 } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeFolder } from '../../base/package-files.ts'

/** `FILE:LINE:COLUMN` at the end of a line of a stack, in brackets or not. */
const frame = /(?:\(|at (?:async )?)((?:file:\/\/\/|\/|[A-Za-z]:[\\/])[^()]*?)(?:\?[^:()]*)?:(\d+):(\d+)\)?$/

/**
 * Where the project's own code threw, as `FILE:LINE:COLUMN`: the first place in a stack that is neither Node's, nor of a
 * package, nor Reeve's own. The file stands as from the working directory, one outside of it by its name alone: whoever may
 * look at a run need not learn where on the machine it ran. Null: the stack names none, or there is no stack.
 * @param own the folder of Reeve's own code, for tests
 * @param windows whether the stack is of Windows, for tests
 * @param here the working directory, for tests
 */
export function thrownIn(
  stack: string | undefined,
  { own = ownFolder(), windows = process.platform === 'win32', here = process.cwd() } = {},
): string | null {
  for (const line of stack?.split('\n') ?? []) {
    const [, place, row, column] = frame.exec(line.trimEnd()) ?? []
    if (place === undefined) continue
    const file = fileOf(place, windows)
    if (file === undefined || /[\\/]node_modules[\\/]/.test(file) || file.startsWith(own)) continue
    return `${near(file, here, windows ? win32 : posix)}:${row}:${column}`
  }
  return null
}

function near(file: string, here: string, path: typeof posix): string {
  const relative = path.relative(here, file)
  const isInside = !relative.startsWith('..') && !path.isAbsolute(relative)
  return isInside ? relative.split(path.sep).join('/') : path.basename(file)
}

function fileOf(place: string, windows: boolean): string | undefined {
  if (!place.startsWith('file:')) return place
  try {
    return fileURLToPath(place, { windows })
  } catch {
    return undefined
  }
}

/** Its sources and its build; the tests and examples beside them are a project's code. */
function ownFolder(): string {
  return fileURLToPath(codeFolder)
}
