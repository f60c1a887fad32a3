import { type Directive, directiveWorkflowName } from '../../autonomy/directives/directive.ts'
import { inputsSchema } from '../../autonomy/inputs/input.ts'
import type { Script } from '../../autonomy/scripts/script.ts'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { type Client, createClient } from '../../client/index.ts'
import { loadProject } from '../../project/load.ts'
import type { Cli } from '../cli.ts'
import { projectFolder } from '../terminal/workspace.ts'

/** A directive as commands show it, of a project's files or of a server. */
export interface WrittenDirective {
  name: string
  title: string
  goal: string
  /** JSON Schema. */
  inputs: Json
  does: { kind: string; name: string; line: number }[]
  tools: string[]
  criteria: { text: string; line: number }[]
  failureModes: string[]
  file: string
  hash: string
  version: string
  workflow: string
}

/** A script as commands show it. */
export type WrittenScript = Omit<Awaited<ReturnType<Client['scripts']['list']>>['items'][number], 'calls'>

export async function writtenDirectives(cli: Cli): Promise<WrittenDirective[]> {
  if (!cli.server) return (await loadProject(projectFolder(cli))).directives.map(ofDirective)
  const { items } = await clientOf(cli.server).directives.list()
  return items.map(({ last: _, ...directive }) => directive as WrittenDirective)
}

/** @throws `unknown-directive` */
export async function writtenDirective(cli: Cli, name: string): Promise<WrittenDirective & { text: string }> {
  if (cli.server) {
    const {
      last: _,
      seen: __,
      ...directive
    } = await clientOf(cli.server).directives.one({
      params: { directive: name },
    })
    return directive as WrittenDirective & { text: string }
  }
  const found = await ownDirective(cli, name)
  return { ...ofDirective(found), text: found.text }
}

/** Of the project's own files. @throws `unknown-directive` */
export async function ownDirective(cli: Cli, name: string): Promise<Directive> {
  const { directives } = await loadProject(projectFolder(cli))
  const found = directives.find((directive) => directive.name === name)
  if (found) return found
  const names = directives.map((directive) => directive.name)
  throw new ReeveError('unknown-directive', `There is no directive "${name}". ${nameAdvice(name, names)}`)
}

export async function writtenScripts(cli: Cli): Promise<WrittenScript[]> {
  if (!cli.server) return (await loadProject(projectFolder(cli))).scripts.map(ofScript)
  const { items } = await clientOf(cli.server).scripts.list()
  return items.map(({ calls: _, ...script }) => script)
}

/** @throws `unknown-script` */
export async function writtenScript(cli: Cli, name: string): Promise<WrittenScript> {
  return named(await writtenScripts(cli), name)
}

/** Of the project's own files. @throws `unknown-script` */
export async function ownScript(cli: Cli, name: string): Promise<Script> {
  return named((await loadProject(projectFolder(cli))).scripts, name)
}

function named<Script extends { name: string }>(scripts: readonly Script[], name: string): Script {
  const found = scripts.find((script) => script.name === name)
  if (found) return found
  const names = scripts.map((script) => script.name)
  throw new ReeveError('unknown-script', `There is no script "${name}". ${nameAdvice(name, names)}`)
}

function clientOf({ url, token }: NonNullable<Cli['server']>): Client {
  return createClient({ url, ...(token !== undefined && { token }) })
}

function ofDirective(directive: Directive): WrittenDirective {
  const { name, title, goal, schema, does, tools, criteria, failureModes, file, hash, version } = directive
  return {
    ...{ name, title, goal },
    workflow: directiveWorkflowName(name),
    ...{ version, hash, file },
    inputs: schema as Json,
    does: does.map((call) => ({ kind: call.kind, name: call.name, line: call.line })),
    tools,
    criteria: criteria.map(({ text, line }) => ({ text, line })),
    failureModes,
  }
}

function ofScript({ name, file, manifest, hash, tests, tool }: Script): WrittenScript {
  const { inputs, ...rest } = manifest
  return {
    ...rest,
    ...{ name, file, tool: tool.name, hash, tests },
    inputs: inputsSchema(inputs) as Json,
    output: rest.output as Json,
  }
}
