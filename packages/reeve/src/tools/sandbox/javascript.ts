import { dirname, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Json } from '../../base/json/json.ts'
import { findPackages } from '../../base/optional-package.ts'
import { runIsolated } from './isolate.ts'
import { resolveLimits, type SandboxLimits } from './limits.ts'
import type { ScriptResult } from './script-reply.ts'

/**
 * Runs JavaScript in QuickJS, in a disposable process. `code` is the body of an async function of `input`: it returns
 * JSON, and prints with `console.log`. There is nothing else: no timers, no modules, no files, no network.
 * @throws `missing-package`, and what `runIsolated` throws
 * @example
 * import { runJavaScript } from 'reeve/tools'
 *
 * const { value } = await runJavaScript('return input.a + input.b', { a: 1, b: 2 }, { time: '1s' })
 */
export function runJavaScript(
  code: string,
  input: Json = null,
  limits: SandboxLimits & { signal?: AbortSignal } = {},
): Promise<ScriptResult> {
  const [interpreter] = findPackages(['quickjs-emscripten'], 'Scripts in JavaScript')
  const { signal, ...rest } = limits
  return runIsolated({
    language: 'javascript',
    code,
    input,
    interpreter: pathToFileURL(interpreter).href,
    readable: [modulesFolder(interpreter)],
    limits: resolveLimits(rest),
    ...(signal && { signal }),
  })
}

/** The innermost `node_modules` around a file: a package's dependencies are beside it. */
function modulesFolder(file: string): string {
  const parts = file.split(sep)
  const at = parts.lastIndexOf('node_modules')
  return at < 0 ? dirname(file) : parts.slice(0, at + 1).join(sep)
}
