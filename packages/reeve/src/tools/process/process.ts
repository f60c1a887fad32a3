import { isAbsolute } from 'node:path'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { BoundedChild, type ChildEnd } from '../../base/process/bounded-child.ts'
import type { InputOf, OutputOf } from '../../base/schema/schema.ts'
import { lastCharacters } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import type { PlainEffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import { parseForeignJson } from '../bounded-json.ts'
import { Jail } from '../files/jail.ts'
import { jailedParts } from '../files/jailed-path.ts'
import { asNotApplied } from '../http/http-client.ts'
import { type Risk, type Tool, tool } from '../tool.ts'

/** For `processTool`. */
export interface ProcessToolOptions<I extends StandardSchemaV1> {
  /** What workflows, agents and journals call it. */
  name: string
  /** What it is for, for models. */
  description: string
  /** The absolute path of the one program that this tool runs. No shell is asked, nothing is looked up. */
  executable: string
  /** What it is asked, checked before the program starts. */
  input: I
  /** The program's arguments. Texts of the input that begin with `-` never get here, unless `allowDashes`. */
  args: (input: OutputOf<I>) => readonly string[]
  /** What the program reads. Default: nothing. */
  stdin?: (input: OutputOf<I>) => string
  /** An absolute path: where the program runs. */
  folder: string
  /** A folder below `folder` for one call, relative to it. */
  subfolder?: (input: OutputOf<I>) => string
  /** The program's whole environment. Default: a bare PATH and a UTF-8 locale. */
  env?: Readonly<Record<string, string>>
  /** Lets texts of the input begin with `-`, which programs take for options. Default false. */
  allowDashes?: boolean
  /** Exit codes that mean success. Default: 0. */
  successCodes?: readonly number[]
  /** `json`: what it prints is one JSON document. Default `text`. */
  output?: 'text' | 'json'
  /** Default `30s`. */
  timeout?: Duration
  /** Of what it prints. Default 1 MiB. */
  maxOutputBytes?: number
  /** Default `once`: what a program did before it failed is not known. */
  effect?: PlainEffectClass
  /** How much harm it may do, for reviews. Default: by `effect`. */
  risk?: Risk
  /** Whether a person decides each call. Default: by `effect` and `risk`. */
  approval?: 'always' | 'never' | ((input: OutputOf<I>) => boolean)
}

/** What `processTool` gives. */
export interface ProcessToolOutput {
  exitCode: number
  /** Text, or the parsed JSON. */
  output: unknown
  stderr: string
}

const bareEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' }
const longestArgumentsBytes = 65_536

const shape = {
  name: 'text!',
  executable: 'text!',
  args: 'function!',
  stdin: 'function',
  folder: 'text!',
  subfolder: 'function',
  env: 'object',
  allowDashes: 'flag',
  successCodes: 'numbers',
  output: 'text',
  maxOutputBytes: 'number',
} as const

/**
 * A tool that runs one program with an array of arguments. The program and all that it started are killed at its end,
 * when its time or its output is used up, and when the worker dies.
 * @throws `bad-tool`
 * @example
 * import { processTool } from 'reeve/tools'
 * import { z } from 'zod'
 *
 * export const resize = processTool({
 *   name: 'images.resize',
 *   description: 'Makes a picture smaller',
 *   executable: '/usr/bin/convert',
 *   folder: '/srv/pictures',
 *   input: z.object({ file: z.string(), width: z.number().int() }),
 *   args: ({ file, width }) => [file, '-resize', String(width), `small-${file}`],
 * })
 */
export function processTool<I extends StandardSchemaV1>(
  options: ProcessToolOptions<I>,
): Tool<InputOf<I>, ProcessToolOutput> {
  checkOptions(options, 'a process tool', shape, 'bad-tool')
  for (const [what, path] of Object.entries({ executable: options.executable, folder: options.folder })) {
    if (isAbsolute(path)) continue
    throw new ReeveError(
      'bad-tool',
      `The ${what} "${path}" of tool "${options.name}" must be an absolute path.`,
    )
  }
  const { name, description, input, effect = 'once', risk, approval, timeout = '30s' } = options
  const jail = new Jail(options.folder)
  return tool({
    name,
    description,
    input,
    output: z.object({ exitCode: z.number().int(), output: z.unknown(), stderr: z.string() }),
    effect,
    answers: 'untrusted',
    place: `what ${name} printed`,
    timeout: toMs(timeout, `\`timeout\` of tool "${name}"`) + 5000,
    ...(risk && { risk }),
    ...(approval && { approval }),
    run: async (given, { signal }) => {
      const args = checkedArguments(options, given)
      const child = options.subfolder
        ? // The folder is held open until the program stands in it.
          await jail.within(jailedParts(options.subfolder(given)), ({ path }) =>
            start(options, args, path, signal),
          )
        : await start(options, args, options.folder, signal)
      child.write(options.stdin?.(given) ?? '')
      return resultOf(options, await child.ended, signal)
    },
  }) as Tool<InputOf<I>, ProcessToolOutput>
}

function checkedArguments<I extends StandardSchemaV1>(
  options: ProcessToolOptions<I>,
  input: OutputOf<I>,
): readonly string[] {
  const refuse = (why: string) =>
    asNotApplied(
      new ReeveError('refused-arguments', `"${options.name}" did not run: ${why}.`, {
        details: { sent: false },
      }),
    )
  if (!options.allowDashes && hasDash(input)) {
    throw refuse('a text of its input begins with "-", which the program could take for an option')
  }
  const args = options.args(input)
  if (args.some((argument) => argument.includes('\0'))) throw refuse('an argument has a NUL character')
  if (args.reduce((sum, argument) => sum + Buffer.byteLength(argument), 0) > longestArgumentsBytes) {
    throw refuse(`its arguments have more than ${longestArgumentsBytes} bytes`)
  }
  return args
}

function hasDash(value: unknown): boolean {
  if (typeof value === 'string') return value.trimStart().startsWith('-')
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(hasDash)
}

async function start<I extends StandardSchemaV1>(
  { executable, env = bareEnvironment, timeout = '30s', maxOutputBytes = 1_048_576 }: ProcessToolOptions<I>,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<BoundedChild> {
  try {
    return await BoundedChild.start({
      file: executable,
      args,
      env,
      cwd,
      timeoutMs: toMs(timeout),
      maxOutputBytes,
      signal,
    })
  } catch (error) {
    throw asNotApplied(error)
  }
}

function resultOf<I extends StandardSchemaV1>(
  {
    name,
    successCodes = [0],
    output = 'text',
    timeout = '30s',
    maxOutputBytes = 1_048_576,
  }: ProcessToolOptions<I>,
  end: ChildEnd,
  signal: AbortSignal,
): ProcessToolOutput {
  const stderr = end.stderr.toString('utf8')
  switch (end.cause) {
    case 'aborted':
      throw signal.reason
    case 'timeout':
      throw new ReeveError('process-timeout', `"${name}" was killed: it ran longer than ${toMs(timeout)} ms.`)
    case 'output':
      throw new ReeveError(
        'process-output',
        `"${name}" was killed: it printed more than ${maxOutputBytes} bytes.`,
      )
  }
  const { exitCode } = end
  if (exitCode === null || !successCodes.includes(exitCode)) {
    const how = exitCode === null ? `was ended by ${end.signal}` : `ended with exit code ${exitCode}`
    throw new ReeveError(
      'process-failed',
      `"${name}" ${how}: ${lastCharacters(stderr.trim(), 1000) || 'it said nothing'}`,
      {
        details: { exitCode, signal: end.signal },
      },
    )
  }
  const text = end.stdout.toString('utf8')
  return {
    exitCode,
    output: output === 'json' ? parseForeignJson(text, `What "${name}" printed`) : text,
    stderr,
  }
}
