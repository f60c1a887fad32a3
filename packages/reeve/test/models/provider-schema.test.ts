import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { workflow } from '../../src/context.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import { askRoute } from '../../src/models/route/route.ts'
import { tool } from '../../src/tools/tool.ts'
import { agentBench } from '../agents/agent-harness.ts'
import { FakeClock } from './fake-clock.ts'
import { providerDouble } from './provider-double.ts'
import { type WireModel, wireDouble, wireModels } from './wire-double.ts'

type Schema = Record<string, unknown>

const Tree = z.object({
  label: z.string(),
  get children() {
    return z.array(Tree).optional()
  },
})

/** Schemas with an answer that fits the side that goes in, and what the answer comes to. */
const cases: [string, z.ZodType, unknown, unknown?][] = [
  ['a list', z.array(z.string()), ['a']],
  ['a list of objects', z.array(z.object({ a: z.number() })), [{ a: 1 }]],
  ['an enum', z.enum(['a', 'b']), 'a'],
  ['a number', z.number(), 7],
  ['a yes or no', z.boolean(), true],
  ['an object or null', z.object({ a: z.string() }).nullable(), null],
  ['a union of objects', z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]), { b: 1 }],
  [
    'objects told apart by a property',
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a') }),
      z.object({ kind: z.literal('b'), n: z.int() }),
    ]),
    { kind: 'b', n: 2 },
  ],
  ['literals of two kinds', z.literal([1, 'a', true, null]), 'a'],
  ['a tuple', z.tuple([z.string(), z.number()]), ['a', 1]],
  ['a tuple with a rest', z.object({ t: z.tuple([z.string()], z.number()) }), { t: ['a', 1, 2] }],
  ['an empty tuple', z.object({ t: z.tuple([]) }), { t: [] }],
  ['a record', z.record(z.string(), z.number()), { a: 1 }],
  ['a list of records', z.array(z.record(z.string(), z.string())), [{ a: 'b' }]],
  ['a record in an object', z.object({ counts: z.record(z.string(), z.number()) }), { counts: { a: 1 } }],
  ['parts without a type', z.object({ any: z.any(), more: z.unknown() }), { any: [1], more: 'x' }],
  ['an optional property', z.object({ a: z.string(), b: z.string().optional() }), { a: 'x' }],
  ['a property that may never be there', z.object({ a: z.string(), b: z.never().optional() }), { a: 'x' }],
  [
    'limits of lists and texts',
    z.object({ l: z.array(z.email()).min(1).max(3), t: z.string().min(2) }),
    { l: ['a@b.cd'], t: 'ab' },
  ],
  ['a pattern that looks ahead', z.object({ t: z.string().regex(/^(?=a)a+$/) }), { t: 'aa' }],
  [
    'an intersection',
    z.intersection(z.object({ a: z.string() }), z.record(z.string(), z.string())),
    { a: 'x' },
  ],
  ['a tree', Tree, { label: 'a', children: [{ label: 'b' }] }],
  ['a list of trees', z.array(Tree), [{ label: 'a', children: [] }]],
  ['an object with that very property', z.object({ value: z.string() }), { value: 'x' }],
  ['a union that may have it', z.union([z.object({ value: z.string() }), z.string()]), { value: 'x' }],
  ['a default', z.object({ a: z.string().default('none') }), {}, { a: 'none' }],
  ['a text that means yes', z.object({ ok: z.stringbool() }), { ok: 'yes' }, { ok: true }],
  [
    'a pipe',
    z.object({ n: z.string().pipe(z.transform((text: string) => text.length)) }),
    { n: 'abc' },
    { n: 3 },
  ],
  ['a trimmed text', z.object({ t: z.string().trim().toUpperCase() }), { t: ' a ' }, { t: 'A' }],
  [
    'a text that becomes a number',
    z.codec(z.string(), z.number(), { decode: Number, encode: String }),
    '7',
    7,
  ],
  [
    'a coerced big integer',
    z.object({ n: z.coerce.bigint().transform(String) }),
    { n: '12345678901234567890' },
  ],
]

const combinations: [WireModel, string, z.ZodType, unknown, unknown?][] = wireModels.flatMap((model) =>
  cases.map((each): [WireModel, ...(typeof cases)[number]] => [model, ...each]),
)

test.each(combinations)(
  '%s is asked for %s in a form that it takes, once',
  async (model, _name, schema, given, expected) => {
    const double = await strictDouble(model, (sent) => {
      const isWrapped = sent !== undefined && onlyProperty(sent) === 'value' && !isOwnValue(schema)
      return JSON.stringify(isWrapped ? { value: given } : given)
    })
    const question = { task: 'extract', name: 'q', input: 'x' } as const
    const route = { solvers: [double.solver], maxRetries: 0 }
    const signal = new AbortController().signal
    const answer = await askRoute(route, question, schema, { signal, clock: new FakeClock() })
    expect(answer.value).toEqual(expected ?? given)
    expect(double.requests).toHaveLength(1)
    expect(answer.hops).toMatchObject([{ outcome: 'answered', heals: 0 }])
  },
)

const isOwnValue = (schema: z.ZodType) =>
  schema === cases.find(([name]) => name === 'an object with that very property')![1]
const onlyProperty = (schema: Schema) => {
  const names = Object.keys((schema.properties as Schema | undefined) ?? {})
  return names.length === 1 ? names[0] : undefined
}

/** A provider that refuses what its published rules refuse. */
async function strictDouble(model: WireModel, answer: (sent: Schema | undefined) => string) {
  const double = await providerDouble(({ body }, response) => {
    const { schema, faults } = judge(model, body)
    if (faults.length > 0) {
      response.statusCode = 400
      return {
        error: {
          message: faults.join('; '),
          type: 'invalid_request_error',
          code: 400,
          status: 'INVALID_ARGUMENT',
        },
      }
    }
    return replyOf(model, answer(schema), body)
  })
  onTestFinished(() => double.close())
  const baseUrl = `${double.url}/${model.startsWith('google/') ? 'v1beta' : 'v1'}`
  const keys = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: 'k' }
  return { ...double, solver: hostedSolver(model, { keys, baseUrl }) }
}

function replyOf(model: WireModel, text: string, body: Schema): unknown {
  switch (model) {
    case 'openai/gpt-5-mini':
      return {
        id: 'r',
        object: 'response',
        created_at: 1,
        model: 'm',
        status: 'completed',
        output: [
          {
            type: 'message',
            id: 'm',
            role: 'assistant',
            content: [{ type: 'output_text', text, annotations: [] }],
          },
        ],
        usage: { input_tokens: 1, output_tokens: 1 },
      }
    case 'anthropic/claude-haiku-4-5': {
      const isTool = Array.isArray(body.tools)
      const content = isTool
        ? [{ type: 'tool_use', id: 't', name: 'json', input: JSON.parse(text) }]
        : [{ type: 'text', text }]
      const usage = { input_tokens: 1, output_tokens: 1 }
      return {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content,
        stop_reason: isTool ? 'tool_use' : 'end_turn',
        usage,
      }
    }
    case 'google/gemini-2.5-flash':
      return {
        candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
      }
    default:
      return {
        id: 'c',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
      }
  }
}

interface Judged {
  schema?: Schema
  faults: string[]
}

function judge(model: WireModel, body: Schema): Judged {
  const at = <T>(...path: string[]) =>
    path.reduce<unknown>((part, key) => (part as Schema | undefined)?.[key], body) as T | undefined
  if (model === 'anthropic/claude-haiku-4-5') {
    const tools = (at<{ input_schema: Schema }[]>('tools') ?? []).map((each) => each.input_schema)
    const format = at<Schema>('output_config', 'format', 'schema')
    const faults = [...tools.flatMap(rootFaults), ...(format ? anthropicFaults(format) : [])]
    return { schema: format ?? tools[0]!, faults }
  }
  if (model === 'google/gemini-2.5-flash') {
    const schema = at<Schema>('generationConfig', 'responseJsonSchema')
    return {
      ...(schema && { schema }),
      faults: schema ? [...rootFaults(schema), ...googleFaults(schema)] : [],
    }
  }
  const format = model.startsWith('openai/')
    ? at<{ schema: Schema; strict: boolean }>('text', 'format')
    : at<{ schema: Schema; strict: boolean }>('response_format', 'json_schema')
  if (!format?.schema) return { faults: ['no schema'] }
  const isStrict = model.startsWith('openai/') && format.strict
  return {
    schema: format.schema,
    faults: [...rootFaults(format.schema), ...openAiFaults(format.schema, isStrict)],
  }
}

function rootFaults(schema: Schema): string[] {
  const odd = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', '$ref'].filter((keyword) => keyword in schema)
  return schema.type === 'object' && odd.length === 0
    ? []
    : [`root: type ${String(schema.type)} ${odd.join()}`]
}

/** Each part of a schema that is a schema itself; booleans too. */
function partsOf(schema: unknown): unknown[] {
  if (typeof schema !== 'object' || schema === null) return [schema]
  const {
    properties,
    items,
    prefixItems,
    anyOf,
    oneOf,
    allOf,
    $defs,
    not,
    additionalProperties,
    patternProperties,
  } = schema as Schema
  const inner = [
    ...[properties, $defs, patternProperties].flatMap((map) =>
      Object.values((map as Schema | undefined) ?? {}),
    ),
    ...[prefixItems, anyOf, oneOf, allOf].flatMap((list) => (list as unknown[] | undefined) ?? []),
    ...[items, not].filter((part) => part !== undefined),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ]
  return [schema, ...inner.flatMap(partsOf)]
}

function faultsIn(schema: Schema, check: (part: Schema) => string | false | undefined): string[] {
  return partsOf(schema).flatMap((part) => {
    if (typeof part !== 'object' || part === null) return [`a schema that is ${String(part)}`]
    const fault = check(part as Schema)
    return fault ? [`${fault} in ${JSON.stringify(part)}`] : []
  })
}

function unknownKeyword(part: Schema, known: string[]): string | undefined {
  return Object.keys(part).find((key) => !known.includes(key))
}

const openAiKeywords = [
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  '$ref',
  '$defs',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'pattern',
  'format',
  'minItems',
  'maxItems',
]

function openAiFaults(schema: Schema, isStrict: boolean): string[] {
  return faultsIn(schema, (part) => {
    if (part.type === 'array' && !part.items) return 'array schema missing items'
    if (!isStrict) return undefined
    if (!('type' in part) && !('anyOf' in part) && !('$ref' in part)) return "schema must have a 'type' key"
    const unknown = unknownKeyword(part, openAiKeywords)
    if (unknown) return `'${unknown}' is not permitted`
    if (/\(\?[=!<]/.test(String(part.pattern))) return 'lookaround is not supported'
    if (part.type !== 'object') return undefined
    const names = Object.keys((part.properties as Schema | undefined) ?? {})
    if (part.additionalProperties !== false)
      return "'additionalProperties' is required to be supplied and to be false"
    return (
      names.some((name) => !(part.required as string[]).includes(name)) && "'required' must have every key"
    )
  })
}

const anthropicKeywords = [
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'allOf',
  '$ref',
  '$defs',
  'default',
  'format',
  'minItems',
]

function anthropicFaults(schema: Schema): string[] {
  return faultsIn(schema, (part) => {
    const unknown = unknownKeyword(part, anthropicKeywords)
    if (unknown) return `'${unknown}' is not supported`
    if (part.type === 'object' && part.additionalProperties !== false)
      return 'additionalProperties must be false'
    return undefined
  })
}

const googleKeywords = [
  'type',
  'title',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'enum',
  'anyOf',
  'oneOf',
  '$ref',
  '$defs',
  'format',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'propertyOrdering',
]

function googleFaults(schema: Schema): string[] {
  return faultsIn(schema, (part) => {
    const unknown = unknownKeyword(part, googleKeywords)
    if (unknown) return `unknown name "${unknown}"`
    if ('$ref' in part && Object.keys(part).some((key) => !key.startsWith('$')))
      return 'a reference with siblings'
    const values = (part.enum as unknown[] | undefined) ?? []
    return (
      values.some((value) => typeof value !== 'string' && typeof value !== 'number') &&
      'an enum of neither texts nor numbers'
    )
  })
}

describe.each(wireModels)('tools of an agent on %s', (model) => {
  test('have an object as their arguments, whatever their input is, and get what they declared', async () => {
    const got: unknown[] = []
    const pay = tool({
      name: 'pay',
      description: 'Pays.',
      input: z.discriminatedUnion('by', [
        z.object({ by: z.literal('card'), card: z.string() }),
        z.object({ by: z.literal('bank'), iban: z.string() }),
      ]),
      output: z.object({ ok: z.boolean() }),
      effect: 'idempotent',
      approval: 'never',
      run: (args) => {
        got.push(args)
        return { ok: true }
      },
    })
    const clerk = agent({
      name: 'clerk',
      instructions: 'Pay.',
      input: z.string(),
      tools: [pay],
      route: 'chat',
      owner: 'tests',
    })
    const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, input) => ctx.agent(clerk, input) })
    const double = await wireDouble(model, [
      { calls: [{ id: 'a', name: 'pay', args: '{"value":{"by":"bank","iban":"X1"}}' }] },
      { text: 'paid' },
    ])
    onTestFinished(() => double.close())
    const bench = await agentBench([flow], { chat: { solvers: [double.solver], maxRetries: 0 } })
    expect(await (await bench.engine.startRun(flow, 'pay by bank, with the IBAN X1')).result()).toMatchObject(
      { output: 'paid' },
    )
    expect(got).toEqual([{ by: 'bank', iban: 'X1' }])
    const [first, second] = double.requests
    const text = JSON.stringify(first!.body.tools)
    const offered = /"(?:input_schema|parameters|parametersJsonSchema)":(\{.*?"type":"object")/.exec(text)
    expect(offered, text).not.toBeNull()
    expect(text).not.toContain('"oneOf"')
    expect(second!.text.replaceAll('\\', '')).toMatch(/"value":\{"by":"bank","iban":"X1"\}/)
  })
})

test('what no JSON fits is refused where it is declared, before a question is asked', () => {
  for (const output of [
    z.date(),
    z.map(z.string(), z.string()),
    z.object({ n: z.bigint() }),
    z.custom<string>(),
  ]) {
    const make = () =>
      agent({ name: 'clerk', instructions: 'x', input: z.string(), output, route: 'chat', owner: 'tests' })
    expect(make).toThrow(expect.objectContaining({ code: 'bad-agent' }))
    expect(make).toThrow('cannot be represented in JSON Schema')
  }
})

test('dates that a schema makes of an answer are made again in each life, and asked for once', async () => {
  const Due = z.object({
    due: z.coerce.date(),
    paid: z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    }),
  })
  const text = '{"due":"2026-03-01","paid":"2026-02-01T00:00:00Z"}'
  const double = await strictDouble('ollama/llama3.2', () => text)
  const clerk = agent({
    name: 'clerk',
    instructions: 'x',
    input: z.string(),
    output: Due,
    route: 'chat',
    owner: 'tests',
  })
  const flow = workflow({
    name: 'flow',
    input: z.string(),
    async run(ctx, input) {
      const { due, paid } = await ctx.extract('dates', { schema: Due, from: input, route: 'chat' })
      await ctx.sleep('1h')
      const said = (await ctx.agent(clerk, input)) as z.infer<typeof Due>
      await ctx.sleep('1h')
      return [due.getTime(), paid.toISOString(), said.due.toISOString(), said.paid.getTime()]
    },
  })
  const bench = await agentBench([flow], { chat: { solvers: [double.solver], maxRetries: 0 } })
  const handle = await bench.engine.startRun(flow, 'x')
  for (const requests of [1, 2]) {
    await expect
      .poll(
        async () =>
          (await bench.told(handle.id)).filter((line) => line.startsWith('question-completed')).length,
      )
      .toBe(requests)
    await expect
      .poll(async () => (await bench.database.get<{ status: string }>('select status from runs'))?.status)
      .toBe('waiting')
    await bench.clock.advance(3_600_000)
  }
  const [march, february] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 1, 1)]
  expect(await handle.result()).toMatchObject({
    output: [march, new Date(february).toISOString(), new Date(march).toISOString(), february],
  })
  expect(double.requests).toHaveLength(2)
})
