import { dirname } from 'node:path'
import type { Json } from '../../base/json/json.ts'
import { findPackages } from '../../base/optional-package.ts'
import { runIsolated } from './isolate.ts'
import { resolveLimits, type SandboxLimits } from './limits.ts'
import type { ScriptResult } from './script-reply.ts'

/**
 * Runs Python in Pyodide, in a disposable process, with the standard library and no other packages. The script finds
 * its data in `input`; the value of its last expression is the result; `print` goes to the logs.
 * @throws `missing-package`, and what `runIsolated` throws
 * @example
 * import { runPython } from 'reeve/tools'
 *
 * const { value } = await runPython('result = sum(input)', [1, 2, 3])
 */
export function runPython(
  code: string,
  input: Json = null,
  limits: SandboxLimits & { signal?: AbortSignal } = {},
): Promise<ScriptResult> {
  const [entry] = findPackages(['pyodide'], 'Scripts in Python')
  const folder = dirname(entry)
  const { signal, ...rest } = limits
  return runIsolated({
    language: 'python',
    code,
    input,
    interpreter: folder,
    readable: [folder],
    limits: resolveLimits(rest),
    ...(signal && { signal }),
  })
}
