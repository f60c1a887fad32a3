import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { canonical, type Json } from '../../../base/json/json.ts'
import type { ChildEnd } from '../../../base/process/bounded-child.ts'
import { lastCharacters } from '../../../base/text/shorten.ts'
import { changesNothing } from '../../../store/journal/vocabulary/effect-class.ts'
import { scriptResult } from '../../scripts/read-result.ts'
import { argumentsFor } from '../../scripts/run-script.ts'
import type { Script } from '../../scripts/script.ts'
import { interpreterFor } from '../../scripts/script-command.ts'
import { withLastLine } from './last-line.ts'
import { pythonProgram } from './python.ts'
import { quarantineEnvironment, runQuarantined, type Traces } from './quarantine.ts'

/** A script with a source in the place of its own. */
export interface ScriptCandidate {
  /** The folder of the project. */
  project: string
  script: Pick<Script, 'name' | 'file' | 'manifest' | 'tests'>
  source: string
  signal?: AbortSignal | undefined
}

export type Inputs = Readonly<Record<string, Json>>

/** What came of one input. */
export interface InputResult {
  /** As canonical JSON; undefined: it failed. */
  output: string | undefined
  /** The code and the message of the failure. */
  code: string | undefined
  said: string
  exitCode: number | null
  traces: Traces
}

/** What came of its tests. */
export interface TestedFile {
  file: string
  passed: boolean
  /** How many cases it has, where it says so. */
  count: number | undefined
  said: string
  /** Whether it was run to its last line; undefined: nobody knows. */
  isWhole: boolean | undefined
  /** How long it ran. */
  ms: number
  traces: Traces
}

/** The most that a file of tests may take. */
const testMs = 60_000
/** With a fix it may take so many times what it took with the script as it stands, and never less than this. */
const [slower, leastTestMs] = [8, 10_000]

/** How long each file of tests may take with a fix: what sleeps or turns in circles is not waited for to the end. */
export function testLimits(before: readonly TestedFile[]): Map<string, number> {
  return new Map(
    before.map(({ file, ms }) => [file, Math.min(testMs, Math.max(leastTestMs, Math.ceil(ms * slower)))]),
  )
}

/** Whether a candidate may use the network: where the script may, and changes nothing by it. */
export function mayReach({ manifest }: Pick<Script, 'manifest'>): boolean {
  return manifest.network && (changesNothing(manifest.effect) || manifest.dryRun)
}

/** Runs it in quarantine with one input; what changes something outside is asked for its dry run, where it has one. */
export async function tryInput(candidate: ScriptCandidate, inputs: Inputs): Promise<InputResult> {
  const { project, script, source, signal } = candidate
  const { end, traces } = await runQuarantined({
    ...{ project, file: script.file, source, manifest: script.manifest, signal },
    command: await commandFor(candidate, inputs),
    input: JSON.stringify(inputs),
    env: environmentFor(candidate),
    network: mayReach(script),
  })
  if (end.cause === 'aborted') signal?.throwIfAborted()
  return triedOf(script, end, traces)
}

/** The words that run it with an input. */
export async function commandFor(
  { project, script, source }: ScriptCandidate,
  inputs: Inputs,
): Promise<string[]> {
  return [
    ...(await interpreter(join(project, script.file), source, script.manifest)),
    ...argumentsFor(script, inputs),
    ...(isDry(script) ? ['--dry-run'] : []),
  ]
}

export function environmentFor({ project, script }: ScriptCandidate): Record<string, string> {
  return {
    ...quarantineEnvironment(project, script.manifest),
    ...(isDry(script) && { REEVE_DRY_RUN: '1' }),
  }
}

function isDry({ manifest }: Pick<Script, 'manifest'>): boolean {
  return manifest.dryRun && !changesNothing(manifest.effect)
}

/** What an end comes to. */
export function triedOf(script: ScriptCandidate['script'], end: ChildEnd, traces: Traces): InputResult {
  const said = lastCharacters(end.stderr.toString('utf8').trim(), 2000)
  try {
    const output = canonical(scriptResult(script, end))
    return { output, code: undefined, said, exitCode: end.exitCode, traces }
  } catch (error) {
    const code = error instanceof ReeveError ? error.code : 'script-failed'
    return {
      output: undefined,
      code,
      said: said || messageOf(error).slice(0, 500),
      exitCode: end.exitCode,
      traces,
    }
  }
}

/** Runs its tests in quarantine. `limits`: of single files, in milliseconds; default 60 s. */
export async function tryTests(
  { project, script, source, signal }: ScriptCandidate,
  limits: ReadonlyMap<string, number> = new Map(),
): Promise<(TestedFile & { calls: string })[]> {
  const tested: (TestedFile & { calls: string })[] = []
  for (const file of script.tests) {
    const timeoutMs = limits.get(file) ?? testMs
    const manifest = { ...script.manifest, timeoutMs }
    const began = performance.now()
    const path = join(project, file)
    const mark = randomUUID()
    const text = withLastLine(file, await readFile(path, 'utf8'), mark)
    const isNode = ['.mjs', '.js', '.ts', '.cjs'].includes(extname(path))
    const [program, ...rest] = (await interpreter(path, '', manifest)) as [string, ...string[]]
    const { end, traces, calls } = await runQuarantined({
      ...{ project, source, manifest, signal },
      file: script.file,
      ...(text !== undefined && { also: { file, text } }),
      command: [program, ...(isNode ? ['--test'] : []), ...rest],
      input: '',
      env: { ...quarantineEnvironment(project, manifest), SCRIPT: join(project, script.file) },
      network: false,
      maxOutputBytes: 4_194_304,
    })
    const all = `${end.stdout.toString('utf8')}${end.stderr.toString('utf8')}`
    const printed = all.replaceAll(mark, '')
    const why = end.cause === 'timeout' ? `it ran longer than ${timeoutMs} ms` : ''
    tested.push({
      file,
      passed: end.cause === 'exit' && end.exitCode === 0,
      count: countIn(printed),
      said: why || lastCharacters(printed.trim(), 1500),
      isWhole: text === undefined ? undefined : all.includes(mark),
      ms: performance.now() - began,
      ...{ traces, calls },
    })
  }
  return tested
}

export async function interpreter(
  path: string,
  source: string,
  manifest: Script['manifest'],
): Promise<string[]> {
  const python = await pythonProgram()
  const isPython =
    /^#!\s*\/usr\/bin\/env python3?\s/.test(source) || (path.endsWith('.py') && !source.startsWith('#!'))
  return isPython && python !== undefined ? [python, path] : interpreterFor(path, manifest)
}

/** What `node --test`, unittest and pytest say. */
function countIn(printed: string): number | undefined {
  const found =
    /^(?:# |ℹ )?tests (\d+)$/m.exec(printed) ??
    /^Ran (\d+) tests?/m.exec(printed) ??
    /(\d+) passed/.exec(printed)
  return found ? Number(found[1]) : undefined
}
