import type { ServerResponse } from 'node:http'
import { type HostedSolver, hostedSolver } from '../../src/models/providers/hosted.ts'
import { type ProviderDouble, providerDouble } from './provider-double.ts'

/** A model on each wire that Reeve speaks. */
export const wireModels = [
  'openai/gpt-5-mini',
  'anthropic/claude-haiku-4-5',
  'google/gemini-2.5-flash',
  'ollama/llama3.2',
] as const
export type WireModel = (typeof wireModels)[number]

/** What a model replies: `args` is raw text, `id` left out is missing on the wire. */
export interface WireReply {
  text?: string
  calls?: { id?: string | null; name: string; args: string }[]
  /** In the provider's words; absent: as a whole reply ends; null: as null; `missing`: not there at all. */
  end?: string | null
}

const keys = {
  OPENAI_API_KEY: 'sk-test-openai',
  ANTHROPIC_API_KEY: 'sk-test-anthropic',
  GEMINI_API_KEY: 'sk-test-google',
}

/** A provider that gives one reply after the other, byte for byte; the last one stays. */
export async function wireDouble(
  model: WireModel,
  replies: WireReply[],
): Promise<ProviderDouble & { solver: HostedSolver }> {
  const left = [...replies]
  const double = await providerDouble(({ body, path }, response) => {
    const reply = left.length > 1 ? left.shift()! : left[0]!
    const isStream = body.stream === true || path.includes('streamGenerateContent')
    send(response, isStream, writers[model](reply, isStream))
  })
  const baseUrl = `${double.url}/${model.startsWith('google/') ? 'v1beta' : 'v1'}`
  return { ...double, solver: hostedSolver(model, { keys, baseUrl }) }
}

function send(response: ServerResponse, isStream: boolean, parts: string[]): void {
  response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json')
  if (isStream) for (const part of parts) response.write(`data: ${part}\n\n`)
  else response.write(parts[0])
  response.end()
}

type Writer = (reply: WireReply, isStream: boolean) => string[]

const writers: Record<WireModel, Writer> = {
  'openai/gpt-5-mini': responses,
  'anthropic/claude-haiku-4-5': anthropic,
  'google/gemini-2.5-flash': google,
  'ollama/llama3.2': chat,
}

const quoted = JSON.stringify

/** `"key":value,` or nothing when the value is missing. */
function field(key: string, value: string | null | undefined): string {
  return value === undefined || value === 'missing' ? '' : `${quoted(key)}:${quoted(value)},`
}

function chat(
  { text, calls = [], end = calls.length > 0 ? 'tool_calls' : 'stop' }: WireReply,
  isStream: boolean,
): string[] {
  const written = calls.map(
    ({ id, name, args }, index) =>
      `{${field('id', id)}${isStream ? `"index":${index},` : ''}"type":"function","function":{"name":${quoted(name)},"arguments":${quoted(args)}}}`,
  )
  const usage = '"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}'
  const head = `"id":"c1","created":1,"model":"llama3.2"`
  const ending = end === 'missing' ? '' : `"finish_reason":${quoted(end)},`
  if (!isStream)
    return [
      `{${head},"object":"chat.completion","choices":[{${ending}"index":0,"message":{"role":"assistant","content":${quoted(text ?? null)},"tool_calls":[${written.join()}]}}],${usage}}`,
    ]
  const chunk = (choice: string) =>
    `{${head},"object":"chat.completion.chunk","choices":[{"index":0,${choice}}]}`
  return [
    chunk(`"delta":{"role":"assistant","content":${quoted(text ?? '')}}`),
    ...written.map((call) => chunk(`"delta":{"tool_calls":[${call}]}`)),
    chunk(`${ending}"delta":{}`),
    `{${head},"object":"chat.completion.chunk","choices":[],${usage}}`,
    '[DONE]',
  ]
}

/** `end`: the status; a reason behind a colon: `incomplete:max_output_tokens`. */
function responses({ text, calls = [], end = 'completed' }: WireReply, isStream: boolean): string[] {
  const [status, reason] = end?.split(':') ?? [null]
  const message = `{"type":"message","id":"m1","role":"assistant","content":[{"type":"output_text","text":${quoted(text ?? '')},"annotations":[]}]}`
  const items = [
    ...(text === undefined ? [] : [message]),
    ...calls.map(
      ({ id, name, args }, index) =>
        `{"type":"function_call","id":"fc_${index}",${field('call_id', id)}"name":${quoted(name)},"arguments":${quoted(args)},"status":"completed"}`,
    ),
  ]
  const details = reason === undefined ? 'null' : `{"reason":${quoted(reason)}}`
  const whole = `{${field('status', status)}"id":"resp_1","object":"response","created_at":1,"model":"gpt-5-mini","incomplete_details":${details},"output":[${items.join()}],"usage":{"input_tokens":10,"output_tokens":5}}`
  if (!isStream) return [whole]
  const events = items.flatMap((item, index) => {
    const added = item
      .replace(/"arguments":"(?:[^"\\]|\\.)*"/, '"arguments":""')
      .replace(/"content":\[.*\]/, '"content":[]')
    return [
      `{"type":"response.output_item.added","output_index":${index},"item":${added}}`,
      ...(item === message
        ? [
            `{"type":"response.output_text.delta","item_id":"m1","output_index":${index},"content_index":0,"delta":${quoted(text)}}`,
          ]
        : []),
      `{"type":"response.output_item.done","output_index":${index},"item":${item}}`,
    ]
  })
  const type = status === 'completed' ? 'response.completed' : 'response.incomplete'
  return [
    `{"type":"response.created","response":{"id":"resp_1","created_at":1,"model":"gpt-5-mini"}}`,
    ...events,
    `{"type":${quoted(type)},"response":${whole}}`,
  ]
}

function anthropic(
  { text, calls = [], end = calls.length > 0 ? 'tool_use' : 'end_turn' }: WireReply,
  isStream: boolean,
): string[] {
  const blocks = [
    ...(text === undefined ? [] : [`{"type":"text","text":${quoted(text)}}`]),
    ...calls.map(
      ({ id, name, args }) => `{"type":"tool_use",${field('id', id)}"name":${quoted(name)},"input":${args}}`,
    ),
  ]
  const ending = end === 'missing' ? '' : `"stop_reason":${quoted(end)},`
  const head = `"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","stop_sequence":null`
  if (!isStream)
    return [`{${ending}${head},"content":[${blocks.join()}],"usage":{"input_tokens":10,"output_tokens":5}}`]
  const events = [
    ...(text === undefined
      ? []
      : [{ start: '{"type":"text","text":""}', delta: `{"type":"text_delta","text":${quoted(text)}}` }]),
    ...calls.map(({ id, name, args }) => ({
      start: `{"type":"tool_use",${field('id', id)}"name":${quoted(name)},"input":{}}`,
      delta: `{"type":"input_json_delta","partial_json":${quoted(args)}}`,
    })),
  ].flatMap(({ start, delta }, index) => [
    `{"type":"content_block_start","index":${index},"content_block":${start}}`,
    `{"type":"content_block_delta","index":${index},"delta":${delta}}`,
    `{"type":"content_block_stop","index":${index}}`,
  ])
  return [
    `{"type":"message_start","message":{${head},"stop_reason":null,"content":[],"usage":{"input_tokens":10,"output_tokens":1}}}`,
    ...events,
    `{"type":"message_delta","delta":{${ending}"stop_sequence":null},"usage":{"output_tokens":5}}`,
    '{"type":"message_stop"}',
  ]
}

function google({ text, calls = [], end = 'STOP' }: WireReply, isStream: boolean): string[] {
  const parts = [
    ...(text === undefined ? [] : [`{"text":${quoted(text)}}`]),
    ...calls.map(
      ({ id, name, args }) => `{"functionCall":{${field('id', id)}"name":${quoted(name)},"args":${args}}}`,
    ),
  ]
  const ending = end === 'missing' ? '' : `"finishReason":${quoted(end)},`
  const usage = '"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}'
  const content = (given: string[]) => `"content":{"role":"model","parts":[${given.join()}]}`
  if (!isStream) return [`{"candidates":[{${ending}${content(parts)}}],${usage}}`]
  return [
    ...parts.map((part) => `{"candidates":[{${content([part])}}]}`),
    `{"candidates":[{${ending}${content([])}}],${usage}}`,
  ]
}
