import { expect, test } from 'vitest'
import { z } from 'zod'
import * as patterns from '../src/agents/patterns/index.ts'
import * as reeve from '../src/index.ts'
import type { Solver } from '../src/models/solver.ts'
import { checkConfig } from '../src/project/check-config.ts'
import { runInMemory } from '../src/testing/run-in-memory.ts'
import * as tools from '../src/tools/index.ts'
import { type McpServer, mcpServer } from '../src/tools/mcp/index.ts'

/** What comes where types do not reach. */
const strange: [string, unknown][] = [
  ['null', null],
  ['a number', 5],
  ['NaN', Number.NaN],
  ['a text', 'x'],
  ['an array', []],
  ['an array of numbers', [5]],
  ['an array of nulls', [null]],
  ['an object', {}],
  ['true', true],
  ['a symbol', Symbol('strange')],
  [
    'a function that throws',
    () => {
      throw new RangeError('strange')
    },
  ],
]

const schema = z.unknown()
const look = tools.tool({
  name: 't',
  description: 'd',
  input: schema,
  output: schema,
  effect: 'read',
  run: () => 1,
})
const worker = { name: 'a', instructions: 'i', input: schema, tools: [look], route: 'r', owner: 'o' }
const page = { openapi: '3.0.0', info: {}, servers: [{ url: 'https://x.test' }], paths: {} }
const http = {
  allow: ['x.test'],
  allowPrivate: [],
  methods: ['GET'],
  requestHeaders: [],
  responseHeaders: [],
  contentTypes: [],
  maxRedirects: 1,
  maxBytes: 5,
  maxRequestBytes: 5,
  timeout: '1s',
  credentials: () => undefined,
  resolve: () => [],
}
const sent = { keys: {}, baseUrl: 'https://x.test', prices: {}, allowUnknownPrice: true, identity: 'i' }
type Options = Record<string, unknown>

/** Each public function that takes options, with options that it takes. */
const doors: [string, (options: never) => unknown, Options][] = [
  [
    'workflow',
    reeve.workflow,
    {
      name: 'w',
      version: '1',
      input: schema,
      output: schema,
      limits: { steps: 1, time: '1d', cost: 1 },
      queue: 'q',
      key: () => 'k',
      run: () => 1,
    },
  ],
  [
    'tool',
    tools.tool,
    {
      name: 't',
      description: 'd',
      input: schema,
      output: schema,
      effect: 'verifiable',
      risk: 'low',
      effectOf: () => 'read',
      riskOf: () => 'low',
      approval: 'never',
      approvalTimeout: '1d',
      timeout: '1s',
      retry: { attempts: 1, delay: '1s', factor: 2, maxDelay: '1s', maxRetryAfter: '1s' },
      rate: { count: 1, per: '1s', by: () => 'x' },
      verify: () => 1,
      run: () => 1,
    },
  ],
  [
    'agent',
    reeve.agent,
    {
      ...worker,
      role: 'persona',
      description: 'd',
      output: schema,
      team: [],
      limits: { iterations: 1, tokens: 1, context: 1, cost: 1, time: '1d' },
      memory: ['m'],
      guards: { input: [], output: [] },
      tone: 't',
      preferences: ['p'],
    },
  ],
  [
    'agent with a team',
    reeve.agent,
    { ...worker, role: 'coordinator', team: [reeve.agent({ ...worker, name: 'b' })] },
  ],
  [
    'hostedSolver',
    (options) => reeve.hostedSolver('openai/gpt-x', options),
    { ...sent, maxOutputTokens: 5, temperature: 1 },
  ],
  ['hostedEmbedder', (options) => reeve.hostedEmbedder('openai/e', options), sent],
  [
    'trainClassifier',
    (options) => reeve.trainClassifier([{ text: 'a', label: 'b' }], options),
    { epochs: 1 },
  ],
  [
    'trainClassifier from',
    (given?: Options) => reeve.trainClassifier(given?.examples as never),
    { examples: [{ text: 'a', label: 'b' }] },
  ],
  ['localComposer', reeve.localComposer, { name: 'n', greeting: 'g', signature: 's', sentences: 3 }],
  ['localCritic', reeve.localCritic, { name: 'n', criteria: {} }],
  ['localExtractor', reeve.localExtractor, { name: 'n', fields: {}, minConfidence: 0.5 }],
  ['planAction', patterns.planAction, { does: 'x', args: schema, run: () => 1, undo: () => 1 }],
  ['projectOf', (config) => reeve.projectOf(config, []), { name: 'p', tools: [] }],
  [
    'the configuration of a project',
    checkConfig,
    {
      routes: { r: { solvers: [] } },
      embedders: {},
      knowledge: [],
      queues: { q: { concurrency: 1, perKey: 1, rate: { count: 1, per: '1s' } } },
      schedules: {},
      retention: { succeeded: '1d' },
      budgets: { project: 1, day: 1, workflows: { w: 1 }, agents: { a: 1 } },
      prices: {},
      tools: [],
      mcp: {},
      services: () => [],
    },
  ],
  ['clockTool', tools.clockTool, { name: 'c' }],
  ['fileTools', tools.fileTools, { name: 'f', root: '/tmp', maxBytes: 5, maxEntries: 5 }],
  [
    'httpTool',
    tools.httpTool,
    {
      ...http,
      name: 'h',
      description: 'd',
      effect: 'read',
      risk: 'low',
      approval: 'never',
      idempotencyHeader: false,
    },
  ],
  [
    'webPageTool',
    tools.webPageTool,
    { allow: ['x.test'], name: 'w', maxText: 5, maxLinks: 5, readTime: '1s', timeout: '1s' },
  ],
  [
    'openApiTools',
    tools.openApiTools,
    {
      allow: ['x.test'],
      name: 'o',
      document: page,
      server: 'https://x.test',
      operations: () => true,
      risk: () => 'low',
    },
  ],
  [
    'processTool',
    tools.processTool,
    {
      name: 'p',
      description: 'd',
      executable: '/bin/true',
      input: schema,
      args: () => [],
      stdin: () => '',
      folder: '/tmp',
      subfolder: () => '',
      env: {},
      allowDashes: true,
      successCodes: [0],
      output: 'text',
      timeout: '1s',
      maxOutputBytes: 5,
      effect: 'read',
      risk: 'low',
      approval: 'never',
    },
  ],
  ['sandboxTool', tools.sandboxTool, { name: 's', language: 'javascript', description: 'd' }],
  [
    'sqlTool',
    tools.sqlTool,
    {
      name: 's',
      description: 'd',
      file: '/tmp/x.db',
      tables: ['x'],
      maxRows: 4,
      maxBytes: 4,
      timeout: '1s',
      memoryBytes: 99_999_999,
    },
  ],
  ['EgressGuard', (rules) => new tools.EgressGuard(rules), { allow: ['x.test'], allowPrivate: [] }],
  ['HttpClient', (policy) => new tools.HttpClient(policy), http],
  [
    'uniqueTools',
    (given?: Options) => tools.uniqueTools(given?.uniqueTools as never),
    { uniqueTools: [look] },
  ],
  [
    'mcpServer by a command',
    (definition) => closed(mcpServer(definition)),
    { name: 'm', command: '/bin/true', args: [], env: {}, tools: {}, pins: '/tmp/none/pins.json' },
  ],
  [
    'mcpServer by an address',
    (definition) => closed(mcpServer(definition)),
    { name: 'm', url: 'https://x.test/', headers: {}, tools: {}, private: true, pins: '/tmp/none/pins.json' },
  ],
]

function closed(server: McpServer): void {
  void server.close()
}

/** Each option in turn, those inside a plain object too, as every strange value. */
function* spoilt(options: Options): Generator<[string, string, Options]> {
  for (const [name, value] of Object.entries(options)) {
    for (const [kind, other] of strange) yield [name, kind, { ...options, [name]: other }]
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      continue
    if (value === look) continue
    for (const [inner, kind, changed] of spoilt(value as Options))
      yield [inner, kind, { ...options, [name]: changed }]
  }
}

/** What is wrong with an error that a caller gets for a strange value; undefined when nothing is. */
function faultOf(error: unknown, name: string): string | undefined {
  if (!(error instanceof reeve.ReeveError)) return String(error)
  return error.message.toLowerCase().includes(name.toLowerCase())
    ? undefined
    : `does not name it: ${error.message}`
}

test.each(doors)(
  '%s refuses what is no such option by its name, and never with an error of JavaScript',
  (_door, use, options) => {
    use(options as never)
    const faults: string[] = []
    const attempt = (name: string, kind: string, given: unknown) => {
      try {
        use(given as never)
      } catch (error) {
        const fault = faultOf(error, name)
        if (fault !== undefined) faults.push(`${name} as ${kind}: ${fault}`)
      }
    }
    for (const [kind, value] of [['undefined', undefined] as [string, unknown], ...strange])
      attempt('', kind, value)
    for (const [name, kind, given] of spoilt(options)) attempt(name, kind, given)
    expect(faults).toEqual([])
  },
)

const solver: Solver = { name: 's', kind: 'function', solve: () => ({ kind: 'value', value: 'x' }) }
const asked = { schema: z.string(), route: 'r', instructions: 'i', passages: [], retry: { attempts: 1 } }
const told = { route: 'r', instructions: 'i', retry: { attempts: 1 } }
type Use = (ctx: reeve.Context, given: never) => unknown

/** The calls of a run, each with a list of arguments that it takes: in turn, and each option, as every strange value. */
const calls: [string, Use, Options][] = [
  [
    'step',
    (ctx, { name, body, options }) => ctx.step(name, body, options),
    { name: 'x', body: () => 1, options: { retry: { attempts: 1 }, timeout: '1s' } },
  ],
  ['sleep', (ctx, { length, options }) => ctx.sleep(length, options), { length: 1, options: {} }],
  [
    'waitFor',
    (ctx, { name, options }) => ctx.waitFor(name, options),
    { name: 'x', options: { timeout: 1, schema: z.string() } },
  ],
  [
    'approve',
    (ctx, { name, options }) => ctx.approve(name, options),
    { name: 'x', options: { show: 1, timeout: 1 } },
  ],
  [
    'all',
    (ctx, { items, options }) => ctx.all(items, options),
    { items: [() => 1], options: { concurrency: 1 } },
  ],
  ['race', (ctx, { items }) => ctx.race(items), { items: [() => 1] }],
  [
    'start',
    (ctx, { flow, input, options }) => ctx.start(flow, input, options),
    {
      flow: 'flow',
      input: null,
      options: { queue: 'q', key: 'k', priority: 1, delay: 1, whenParentEnds: 'detach' },
    },
  ],
  [
    'extract',
    (ctx, { name, options }) => ctx.extract(name, options),
    { name: 'x', options: { ...asked, from: 'x', cache: { keep: '1d', across: 'project', apart: 'x' } } },
  ],
  [
    'extractAll',
    (ctx, { name, inputs, options }) => ctx.extractAll(name, inputs, options),
    { name: 'x', inputs: ['x'], options: { ...asked, batch: { within: '24h', most: 5 } } },
  ],
  [
    'generate',
    (ctx, { name, options }) => ctx.generate(name, options),
    { name: 'x', options: { ...told, with: {}, feedback: { answer: 'a', problem: 'b' } } },
  ],
  [
    'generateAll',
    (ctx, { name, materials, options }) => ctx.generateAll(name, materials, options),
    { name: 'x', materials: [{}], options: { ...told, batch: true } },
  ],
  [
    'recall',
    (ctx, { name, options }) => ctx.recall(name, options),
    { name: 'x', options: { query: 'x', from: 'memory', in: 's', limit: 1 } },
  ],
  [
    'remember',
    (ctx, { text, options }) => ctx.remember(text, options),
    { text: 'x', options: { scope: 's' } },
  ],
  [
    'embed',
    (ctx, { name, texts, options }) => ctx.embed(name, texts, options),
    { name: 'x', texts: ['x'], options: { with: 'default' } },
  ],
  [
    'call',
    (ctx, { tool, args, options }) => ctx.call(tool, args, options),
    { tool: look, args: 1, options: { report: true } },
  ],
  ['patched', (ctx, { id }) => ctx.patched(id), { id: 'x' }],
  ['log', (ctx, { message, data }) => ctx.log(message, data), { message: 'x', data: 1 }],
]

test.each(calls)(
  'ctx.%s fails by a code for what it does not take, and the run goes on',
  async (_name, use, given) => {
    const faults: string[] = []
    const flow = reeve.workflow({
      name: 'flow',
      input: z.unknown(),
      limits: { steps: 5000 },
      async run(ctx, input) {
        if (input !== 'first') return 1
        for (const [name, kind, changed] of spoilt(given)) {
          try {
            const answer = use(ctx, changed as never)
            answer instanceof Promise &&
              (await ctx.race([answer, ctx.sleep('1ms').then(() => ctx.sleep('1ms'))]))
          } catch (error) {
            const { code = '', message } = error as { code?: string; message: string }
            // What the code of the run threw by itself is told as it is.
            if (kind === 'a function that throws' && message.includes('strange')) continue
            if (!/^[a-z][a-z-]+$/.test(code) || /TypeError|Cannot |not a function|not iterable/.test(message))
              faults.push(`${name} as ${kind}: ${code} ${message}`)
          }
        }
        return ctx.step('after', () => 'went on')
      },
    })
    const { result } = await runInMemory(flow, 'first', { routes: { r: { solvers: [solver] } } })
    expect(faults).toEqual([])
    expect(result).toEqual({ status: 'succeeded', output: 'went on' })
  },
)
