import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { checkOptions } from '../../base/options.ts'
import { toMs } from '../../base/time/time.ts'
import { asNotApplied } from '../http/http-client.ts'
import { type Tool, tool } from '../tool.ts'
import { type DockerSandbox, runInDocker } from './docker.ts'
import { runJavaScript } from './javascript.ts'
import type { SandboxLanguage, SandboxLimits } from './limits.ts'
import { runPython } from './python.ts'
import type { ScriptResult } from './script-reply.ts'

/** For `sandboxTool`. */
export interface SandboxToolOptions extends SandboxLimits {
  /** What workflows, agents and journals call it. */
  name: string
  /** What the code is written in. */
  language: SandboxLanguage
  /** What it is for, for models. Default: that it computes. */
  description?: string
  /** Runs the code in a container in the place of the WebAssembly sandbox. */
  docker?: DockerSandbox
}

/** What `sandboxTool` is asked. */
export interface SandboxToolInput {
  code: string
  input?: unknown
}

/** What the code did: its mistakes are results, so that whoever wrote it can mend it. */
export interface SandboxToolOutput {
  value?: unknown
  error?: string
  logs: string[]
}

const howTo = {
  javascript: 'The code is the body of an async function of `input`; return JSON, print with console.log.',
  python: 'The code finds its data in `input`; the value of its last expression is the result; print works.',
}
const ownMistakes = new Set([
  'script-failed',
  'script-timeout',
  'script-crashed',
  'script-output',
  'json-too-deep',
])

/**
 * A tool that computes with code that nobody has read. It reaches nothing, so it needs no approval.
 * @throws `bad-tool`
 * @example
 * import { sandboxTool } from 'reeve/tools'
 *
 * export const compute = sandboxTool({ name: 'compute', language: 'python', time: '2s' })
 */
export function sandboxTool(options: SandboxToolOptions): Tool<SandboxToolInput, SandboxToolOutput> {
  checkOptions(options, 'a sandbox tool', { name: 'text!', language: 'text!', docker: 'object' }, 'bad-tool')
  const { name, language, description, docker, ...limits } = options
  const run = docker
    ? runInDocker.bind(null, docker, language)
    : language === 'python'
      ? runPython
      : runJavaScript
  return tool({
    name,
    description:
      description ??
      `Run ${language} on given data, without files, network, clock or packages. ${docker ? 'The code finds its data in `input` and leaves its result in `result`.' : howTo[language]}`,
    input: z.object({ code: z.string().min(1).max(100_000), input: z.unknown().optional() }),
    output: z.object({
      value: z.unknown().optional(),
      error: z.string().optional(),
      logs: z.array(z.string()),
    }),
    effect: 'read',
    reads: 'none',
    sends: 'none',
    roles: { code: 'content', input: 'content' },
    answers: 'untrusted',
    place: 'what a script computed',
    risk: 'low',
    // Loading an interpreter takes seconds on a busy machine; the script itself has its own limit.
    timeout: toMs(limits.time ?? '5s') + 60_000,
    run: async ({ code, input = null }, { signal }) =>
      mistakesAsResults(run(code, input as Json, { ...limits, signal })),
  })
}

async function mistakesAsResults(running: Promise<ScriptResult>): Promise<SandboxToolOutput> {
  try {
    return await running
  } catch (error) {
    if (!(error instanceof ReeveError) || !ownMistakes.has(error.code)) throw asNotApplied(error)
    const { logs } = error.details
    return { error: error.message, logs: Array.isArray(logs) ? logs.map(String) : [] }
  }
}
