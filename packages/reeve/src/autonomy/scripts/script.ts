import type { PlainEffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import type { JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import type { Tool } from '../../tools/tool.ts'
import type { Input } from '../inputs/input.ts'

/** What a script says of itself, beside its code or in its head comment. */
export interface ScriptManifest {
  description: string
  inputs: Input[]
  /** JSON Schema of its result; null: any JSON. */
  output: JsonSchemaObject | null
  effect: PlainEffectClass
  /** The rest of what a tool declares, as it is written: risk, approval, reads, sends, directs, answers. */
  axes: Readonly<Record<string, unknown>>
  timeoutMs: number
  memoryBytes: number
  maxOutputBytes: number
  /** Names of variables of the worker that it sees. */
  env: string[]
  /** Secrets that it sees: its variable, and the name under which the secret is kept (`reeve secrets set NAME`). */
  secrets: Readonly<Record<string, string>>
  network: boolean
  /** It takes `--dry-run`, and then changes nothing. */
  dryRun: boolean
  /** Where it runs, relative to the project. */
  folder: string
}

/** A program of the project that does one thing: arguments in, one JSON result out, no model inside. */
export interface Script {
  /** The name of its file; for those of a skill `SKILL/NAME`. */
  name: string
  /** Relative to the project. */
  file: string
  manifest: ScriptManifest
  /** Where its manifest stands, relative to the project. */
  manifestFile: string
  /** Of its file, as it was loaded. */
  hash: string
  /** Of what it declares. */
  manifestHash: string
  /** Its tests, relative to the project. */
  tests: string[]
  /** Of a skill: the hash of its file as a person approved it. Nothing else runs, and nothing mends it. */
  approved?: string
  /** Calls it. */
  tool: Tool
}

/** The name of the tool that a script is. */
export function scriptToolName(name: string): string {
  return `script.${name.replace('/', '.')}`
}
