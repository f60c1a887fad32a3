import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readVariables } from '../../base/config.ts'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Json } from '../../base/json/json.ts'
import { BoundedChild } from '../../base/process/bounded-child.ts'
import type { Reveal } from '../../base/secrets/secret-handle.ts'
import type { SecretRegistry } from '../../base/secrets/secrets.ts'
import { asNotApplied } from '../../tools/http/http-client.ts'
import { networkWall } from './network-wall.ts'
import { scriptResult } from './read-result.ts'
import type { Script } from './script.ts'
import { interpreterFor, limitsFor, scriptPath } from './script-command.ts'

export interface ScriptCall {
  /** The same on every attempt; the script sees it as `REEVE_KEY`. */
  key: string
  signal: AbortSignal
  secrets?: SecretRegistry | undefined
  /** Opens its secrets. Absent: it cannot have any. */
  reveal?: Reveal | undefined
  /** Asks for what would be done, and for nothing to be done. */
  dryRun?: boolean
  /** Another program in its place, such as a repair that is tried. Default: its own. */
  program?: string
  /** Refuses to run anything but the script with this hash. */
  pinned?: string
}

const longestArgument = 65_536

/**
 * Runs a script once: its inputs as `--name=value` and as one JSON object on standard input, one JSON value back.
 *
 * It sees no variables but PATH, HOME, LANG, those its manifest names and its secrets; it and all that it started are ended for
 * certain when it ends, its time or its output is used up, or this process dies.
 * @throws `script-failed` `script-timeout` `script-output` `script-no-result` `script-two-results` `script-not-json`
 *   `script-not-utf8` `script-bad-result` `script-missing` `secret-not-here` `not-started`
 */
export async function runScript(
  project: string,
  script: Pick<Script, 'name' | 'file' | 'manifest'>,
  inputs: Readonly<Record<string, Json>>,
  call: ScriptCall,
): Promise<Json> {
  const { manifest } = script
  const path = call.program ?? join(project, script.file)
  await checkProgram(script, path, call.pinned)
  const wall = manifest.network ? undefined : await networkWall()
  const command = [
    ...(wall && 'command' in wall ? wall.command : []),
    ...limitsFor(path, manifest),
    ...interpreterFor(path, manifest),
    ...argumentsFor(script, inputs),
    ...(call.dryRun ? ['--dry-run'] : []),
  ]
  const child = await BoundedChild.start({
    file: command[0]!,
    args: command.slice(1),
    env: await environmentFor(project, script, call),
    cwd: join(project, manifest.folder),
    timeoutMs: manifest.timeoutMs,
    maxOutputBytes: manifest.maxOutputBytes,
    signal: call.signal,
  }).catch((error) => {
    throw asNotApplied(error)
  })
  child.write(JSON.stringify(inputs))
  const end = await child.ended
  if (end.cause === 'aborted') throw call.signal.reason
  return scriptResult(script, end)
}

async function checkProgram(
  { name, file }: Pick<Script, 'name' | 'file'>,
  path: string,
  pinned?: string,
): Promise<void> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw asNotApplied(
      new ReeveError(
        'script-missing',
        `Script "${name}" did not run: ${file} is not there any more. Restore it, or start again without it.`,
        { cause, details: { sent: false } },
      ),
    )
  }
  if (pinned === undefined || sha256(bytes) === pinned) return
  throw asNotApplied(
    new ReeveError(
      'script-quarantined',
      `Script "${name}" did not run: ${file} has changed since it was approved. Look at it before it runs again.`,
      { details: { sent: false } },
    ),
  )
}

/** A value stands in the same argument as its name, so that none is taken for an option. */
export function argumentsFor(
  { name }: Pick<Script, 'name'>,
  inputs: Readonly<Record<string, Json>>,
): string[] {
  const args = Object.entries(inputs).flatMap(([key, value]) => {
    if (value === false || value === null) return []
    if (value === true) return [`--${key}`]
    const values = Array.isArray(value) ? value : [value]
    return values.map((each) => `--${key}=${typeof each === 'string' ? each : JSON.stringify(each)}`)
  })
  const size = args.reduce((sum, each) => sum + Buffer.byteLength(each), 0)
  // The whole of it is on standard input.
  if (size > longestArgument) return []
  if (!args.some((each) => each.includes('\0'))) return args
  throw asNotApplied(
    new ReeveError('refused-arguments', `Script "${name}" did not run: an argument has a NUL character.`, {
      details: { sent: false },
    }),
  )
}

async function environmentFor(
  project: string,
  { name, manifest }: Pick<Script, 'name' | 'manifest'>,
  { key, secrets, reveal, dryRun }: ScriptCall,
): Promise<Record<string, string>> {
  const variables = readVariables()
  const own: Record<string, string> = {
    PATH: scriptPath(),
    HOME: join(project, manifest.folder),
    LANG: 'C.UTF-8',
    PYTHONIOENCODING: 'utf-8',
    PYTHONDONTWRITEBYTECODE: '1',
    REEVE_KEY: key,
    REEVE_PROJECT: project,
  }
  if (dryRun) own.REEVE_DRY_RUN = '1'
  for (const variable of manifest.env) {
    const value = variables[variable]
    if (value !== undefined) own[variable] = value
  }
  for (const [variable, from] of Object.entries(manifest.secrets)) {
    if (!reveal)
      throw asNotApplied(
        new ReeveError(
          'secret-not-here',
          `Script "${name}" needs the secret ${from}, which is opened only while a run calls it.`,
        ),
      )
    const value = await reveal(from)
    secrets?.add([value])
    own[variable] = value
  }
  return own
}
