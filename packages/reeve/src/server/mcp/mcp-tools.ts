import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { describeIssues, toJsonSchema, validate } from '../../base/schema/schema.ts'
import { isTraceparent } from '../../base/trace-context.ts'
import type { Workflow } from '../../engine/workflow.ts'
import { namedRun } from '../../inspect/lists/named-run.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import type { Proof } from '../../store/authority/acts.ts'
import { type ServedRun, serveUntilRest } from './mcp-views.ts'

export interface McpServeOptions {
  /** For whom runs act that are started here, in their journals. Default `mcp`. */
  principal?: string
  /** How the client at the other side names itself, once it has: journals tell it beside the principal. */
  clientName?: () => string | undefined
  /** The longest that a call waits for its run, in seconds. Default 25: many clients give up after 60. */
  maxWaitSeconds?: number
  /** Where people open the dashboard, such as `https://reeve.example.com`: there they decide. Default: no page is known. */
  pageUrl?: string | undefined
  /** Whether runs may be started, signalled and cancelled. Default true. */
  mayAct?: boolean
  /** How whoever asks showed who they are. Default: they are the process that serves. */
  proof?: Proof
}

/** What comes with a call beside its arguments. */
export interface CallAround {
  /** Aborted when whoever asked is gone. */
  signal: AbortSignal
  /** The W3C trace context that the call came with, as it stands there. */
  traceparent: unknown
}

/** A tool as the server offers it. */
export interface ServedTool {
  name: string
  description: string
  inputSchema: { type: 'object'; [key: string]: unknown }
  annotations: { readOnlyHint: boolean }
  /** Whether what is told is a run that the call started. */
  startsRuns: boolean
  /** How long a call with these arguments waits for its run (ms). @throws `invalid-input` */
  waitMsOf(args: unknown): number
  /** @throws ReeveErrors, which the caller is told */
  call(args: unknown, around: CallAround): Promise<ServedRun>
}

const hour = 3600

/**
 * A tool for every workflow, and those that look at a run, signal to it and cancel it. None decides: what speaks MCP is mostly a model, and a model that
 * decides what it asked for makes approvals worthless. @throws `bad-workflow`
 */
export function servedTools(runtime: Runtime, options: McpServeOptions): Map<string, ServedTool> {
  const { workflows } = internalsOf(runtime).engine
  const ofRuns = [runTool(runtime, options), signalTool(runtime, options), cancelTool(runtime, options)]
  const tools = new Map(ofRuns.map((tool) => [tool.name, tool]))
  for (const name of workflows.names()) {
    if (tools.has(name) || !/^[\w.-]{1,128}$/.test(name)) {
      throw new ReeveError(
        'bad-workflow',
        `Workflow "${name}" cannot be an MCP tool of that name. Rename it.`,
      )
    }
    tools.set(name, workflowTool(runtime, workflows.current(name), options))
  }
  return tools
}

function workflowTool(runtime: Runtime, workflow: Workflow, options: McpServeOptions): ServedTool {
  const { principal = 'mcp', pageUrl } = options
  const wait = waitOf(options)
  const schema = z.strictObject({
    input: z.unknown().optional(),
    idempotencyKey: z.string().min(1).max(200).optional(),
    ifKeyExists: z
      .enum(['sameInput', 'return'])
      .optional()
      .describe('when the key was used with another input: an error (the default), or that run'),
    waitSeconds: wait,
  })
  return {
    name: workflow.name,
    description: `Starts the workflow "${workflow.name}" and waits for it a while. When it has not ended by then, or waits for a person, the answer says so: ask reeve.run later with the run's id. The same idempotencyKey with the same input never starts it twice.`,
    inputSchema: withInput(toWireSchema(schema), inputSchemaOf(workflow)),
    annotations: { readOnlyHint: false },
    startsRuns: true,
    waitMsOf: (args) => checked(schema, args).waitSeconds * 1000,
    async call(args, { signal, traceparent }) {
      refuseLowRole(options, 'start a run')
      const { input = {}, idempotencyKey, ifKeyExists, waitSeconds } = checked(schema, args)
      const started = {
        principal,
        startedBy: startedBy(options),
        channel: 'api',
        ...(isTraceparent(traceparent) ? { traceparent } : {}),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(ifKeyExists === undefined ? {} : { ifKeyExists }),
      } as const
      const { engine } = internalsOf(runtime)
      const { id, isNew } = await engine.startRun(workflow, input, started, { isCallers: true })
      return { ...(await serveUntilRest(runtime, id, waitSeconds * 1000, signal, { pageUrl })), isNew }
    },
  }
}

/** What a client says of itself is a word to go by, no proof. */
function startedBy({ clientName }: McpServeOptions): string {
  const name = clientName?.()?.slice(0, 100).toWellFormed()
  return name ? `MCP client "${name}"` : 'an MCP client'
}

const runName = z
  .string()
  .min(1)
  .max(1024)
  .describe('its id, or a key that names it, such as an invoice number')

/** @throws `role-too-low` */
function refuseLowRole({ principal = 'mcp', mayAct = true }: McpServeOptions, what: string): void {
  if (mayAct) return
  throw new ReeveError(
    'role-too-low',
    `To ${what} takes the role operator; ${principal} has less. Ask an owner, or use another token.`,
  )
}

function runTool(runtime: Runtime, options: McpServeOptions): ServedTool {
  const schema = z.strictObject({ run: runName, waitSeconds: waitOf(options) })
  return {
    name: 'reeve.run',
    description: 'How a run stands: its status, its output or error, and what it waits for.',
    inputSchema: toWireSchema(schema),
    annotations: { readOnlyHint: true },
    startsRuns: false,
    waitMsOf: (args) => checked(schema, args).waitSeconds * 1000,
    call: async (args, { signal }) => {
      const { run, waitSeconds } = checked(schema, args)
      return stateOf(runtime, await idOf(runtime, run, options), waitSeconds, signal, options)
    },
  }
}

function signalTool(runtime: Runtime, options: McpServeOptions): ServedTool {
  const schema = z.strictObject({
    run: runName,
    name: z.string().min(1).max(300).describe('the name of the signal that the run waits for'),
    payload: z.unknown().optional().describe('any JSON; by the schema of the wait'),
    id: z.string().min(1).max(300).optional().describe('the same id counts once'),
    waitSeconds: waitOf(options),
  })
  return {
    name: 'reeve.signal',
    description:
      'Sends a signal to a run that waits for it, and says how the run stands then. It decides no approval: a person does that.',
    inputSchema: toWireSchema(schema),
    annotations: { readOnlyHint: false },
    startsRuns: false,
    waitMsOf: (args) => checked(schema, args).waitSeconds * 1000,
    async call(args, { signal }) {
      refuseLowRole(options, 'signal to a run')
      const { run: named, name, payload = null, id, waitSeconds } = checked(schema, args)
      const run = await idOf(runtime, named, options)
      const { engine, clock } = internalsOf(runtime)
      const { principal: by = 'mcp', proof = 'started-by-reeve' } = options
      const acting = { by, proof, at: clock.now(), why: undefined }
      const isNew = await engine.control.signal(run, name, payload as Json, { acting, ...(id && { id }) })
      return { ...(await stateOf(runtime, run, waitSeconds, signal, options)), isNew }
    },
  }
}

function cancelTool(runtime: Runtime, options: McpServeOptions): ServedTool {
  const schema = z.strictObject({ run: runName, waitSeconds: waitOf(options) })
  return {
    name: 'reeve.cancel',
    description: 'Ends a run and its children; what acts at this moment finishes first.',
    inputSchema: toWireSchema(schema),
    annotations: { readOnlyHint: false },
    startsRuns: false,
    waitMsOf: (args) => checked(schema, args).waitSeconds * 1000,
    async call(args, { signal }) {
      refuseLowRole(options, 'cancel a run')
      const { run: named, waitSeconds } = checked(schema, args)
      const run = await idOf(runtime, named, options)
      await internalsOf(runtime).engine.control.cancel(run, options.principal ?? 'mcp')
      return stateOf(runtime, run, waitSeconds, signal, options)
    },
  }
}

function idOf(runtime: Runtime, run: string, { principal = 'mcp' }: McpServeOptions): Promise<string> {
  return namedRun(internalsOf(runtime).database, run, principal)
}

function stateOf(
  runtime: Runtime,
  id: string,
  waitSeconds: number,
  signal: AbortSignal,
  { pageUrl }: McpServeOptions,
): Promise<ServedRun> {
  return serveUntilRest(runtime, id, waitSeconds * 1000, signal, { pageUrl })
}

function waitOf({ maxWaitSeconds = 25 }: McpServeOptions) {
  const most = Math.min(Math.max(0, maxWaitSeconds), hour)
  return z.number().min(0).max(most).default(most).describe('how long to wait for it, in seconds')
}

/** @throws `invalid-input` */
function checked<S extends z.ZodType>(schema: S, args: unknown): z.output<S> {
  const result = validate(schema, args ?? {})
  if (result.ok) return result.value as z.output<S>
  throw new ReeveError('invalid-input', `The arguments do not fit: ${describeIssues(result.issues)}`)
}

function toWireSchema(schema: z.ZodObject): ServedTool['inputSchema'] {
  const { $schema, ...rest } = toJsonSchema(schema, 'input')
  return { ...rest, type: 'object' }
}

/** A schema that JSON Schema cannot express is not told; the input is checked all the same when the run starts. */
function inputSchemaOf(workflow: Workflow): Record<string, unknown> {
  try {
    const { $schema, ...schema } = toJsonSchema(workflow.input, 'input')
    return schema
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'no-json-schema') return {}
    throw error
  }
}

/** Puts the workflow's schema in the place of `input`; what refers to its own parts must find them there. */
function withInput(
  outer: ServedTool['inputSchema'],
  input: Record<string, unknown>,
): ServedTool['inputSchema'] {
  const properties = outer.properties as Record<string, unknown>
  // What a workflow needs nothing of may be left out.
  const isNeeded = input.type !== 'object' || ((input.required as string[] | undefined) ?? []).length > 0
  const required = new Set((outer.required as string[] | undefined) ?? [])
  if (isNeeded) required.add('input')
  else required.delete('input')
  return { ...outer, properties: { ...properties, input: moved(input) }, required: [...required] }
}

function moved(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(moved)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] =>
    key === '$ref' && typeof value === 'string' && value.startsWith('#')
      ? [key, `#/properties/input${value.slice(1)}`]
      : [key, moved(value)],
  )
  return Object.fromEntries(entries)
}
