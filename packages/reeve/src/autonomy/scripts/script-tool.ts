import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Json } from '../../base/json/json.ts'
import { asNotApplied } from '../../tools/http/http-client.ts'
import { fromJsonSchema } from '../../tools/json-schema/json-schema.ts'
import { type Tool, tool } from '../../tools/tool.ts'
import { inputsCheck } from '../inputs/input.ts'
import { currentManifest } from './manifest-file.ts'
import { manifestText } from './read-manifest.ts'
import { runScript } from './run-script.ts'
import type { Script } from './script.ts'

/** What an attempt may take beyond the script's own time: to start it, and to end all that it left. */
const aroundMs = 10_000

/**
 * A script as a tool: what it declares is what grants, approvals and the journal go by.
 * @throws `bad-tool`
 */
export function scriptTool(project: string, script: Omit<Script, 'tool'>, name: string): Tool {
  const { manifest } = script
  const made = tool({
    answers: 'untrusted',
    place: `what the script ${script.name} printed`,
    ...(manifest.axes as object),
    name,
    description: manifest.description,
    input: inputsCheck(manifest.inputs, `The inputs of script "${script.name}"`),
    output: manifest.output
      ? fromJsonSchema(manifest.output, `The output of script "${script.name}"`)
      : z.unknown(),
    effect: manifest.effect,
    timeout: manifest.timeoutMs + aroundMs,
    secrets: Object.values(manifest.secrets),
    run: async (args, { key, signal, secrets, reveal }) => {
      await refuseOtherManifest(project, script)
      return runScript(project, script, args as Record<string, Json>, {
        key,
        signal,
        secrets,
        reveal,
        ...(script.approved !== undefined && { pinned: script.approved }),
      })
    },
  })
  return { ...made, keepsReads: true }
}

/** The code of a script may be mended while it is in use; what it declares was read when the project was loaded. */
async function refuseOtherManifest(project: string, script: Omit<Script, 'tool'>): Promise<void> {
  const now = await currentManifest(project, script).catch(() => undefined)
  if (now && sha256(manifestText(now)) === script.manifestHash) return
  throw asNotApplied(
    new ReeveError(
      'script-changed',
      `Script "${script.name}" did not run: ${script.manifestFile} declares something else than when the project was loaded. Start the worker again.`,
      { details: { sent: false } },
    ),
  )
}
