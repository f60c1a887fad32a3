import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'
import { canonical, type Json } from '../../../base/json/json.ts'
import type { Definition } from './definition.ts'

export interface Pin {
  /** SHA-256 of the definition in canonical JSON. */
  hash: string
  definition: Definition
}

/** What a person has accepted of one server. */
export interface ServerPins {
  /** SHA-256 of where the server comes from: its command and arguments, or its URL. */
  from: string
  /** By `tool:NAME` and `prompt:NAME`. */
  definitions: Record<string, Pin>
}

const schemaObject = z.record(z.string(), z.json())
const definitionSchema = z.strictObject({
  kind: z.enum(['tool', 'prompt']),
  name: z.string(),
  title: z.string().optional(),
  description: z.string(),
  inputSchema: schemaObject,
  outputSchema: schemaObject.optional(),
  annotations: schemaObject.optional(),
})
const fileSchema = z.strictObject({
  version: z.literal(1),
  servers: z.record(
    z.string(),
    z.strictObject({
      from: z.string(),
      definitions: z.record(z.string(), z.strictObject({ hash: z.string(), definition: definitionSchema })),
    }),
  ),
})

export function hashOf(definition: Definition): string {
  return sha256(canonical(definition))
}

export function keyOf({ kind, name }: Pick<Definition, 'kind' | 'name'>): string {
  return `${kind}:${name}`
}

/** The file of a project that says which definitions of which MCP servers a person has accepted. */
export class PinFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** The nearest `mcp-pins.json`, or the place for one beside the nearest `reeve.config.ts`, from `folder` upwards. */
  static nearest(folder: string): PinFile {
    for (let here = resolve(folder); ; here = dirname(here)) {
      const path = join(here, 'mcp-pins.json')
      if (existsSync(path) || existsSync(join(here, 'reeve.config.ts'))) return new PinFile(path)
      if (here === dirname(here)) return new PinFile(resolve(folder, 'mcp-pins.json'))
    }
  }

  /** @throws `bad-pins` */
  read(server: string): ServerPins | undefined {
    const { servers } = this.#readAll()
    return Object.hasOwn(servers, server) ? servers[server] : undefined
  }

  /** Replaces what is pinned of one server. The file is whole at every moment. */
  write(server: string, pins: ServerPins): void {
    const all = this.#readAll()
    all.servers[server] = pins
    const sorted = JSON.parse(canonical(all)) as Json
    const draft = `${this.path}.new`
    writeFileSync(draft, `${JSON.stringify(sorted, null, 2)}\n`)
    renameSync(draft, this.path)
  }

  #readAll(): { version: 1; servers: Record<string, ServerPins> } {
    if (!existsSync(this.path)) return { version: 1, servers: {} }
    let parsed: ReturnType<typeof fileSchema.safeParse>
    try {
      parsed = fileSchema.safeParse(JSON.parse(readFileSync(this.path, 'utf8')))
    } catch (cause) {
      throw this.#broken(messageOf(cause), cause)
    }
    if (!parsed.success) throw this.#broken(z.prettifyError(parsed.error), parsed.error)
    for (const [server, { definitions }] of Object.entries(parsed.data.servers)) {
      for (const [key, { hash, definition }] of Object.entries(definitions)) {
        if (hash === hashOf(definition) && key === keyOf(definition)) continue
        throw this.#broken(
          `${key} of server "${server}" was changed by hand: its hash is not that of its text`,
        )
      }
    }
    return parsed.data
  }

  #broken(why: string, cause?: unknown): ReeveError {
    return new ReeveError('bad-pins', `${this.path} cannot be trusted: ${why}. Restore it, or pin again.`, {
      cause,
    })
  }
}
