import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Behaviour, Reply, Script } from './script.ts'

/** What the double charges, in US dollars for a million tokens. */
export const doublePrice = { inputUsdPerMillion: 1, outputUsdPerMillion: 5 }

interface Request {
  tools?: unknown[]
  max_output_tokens?: number
  max_tokens?: number
}

interface Tokens {
  input: number
  output: number
}

/**
 * A provider's double on a real port, for the Responses API of OpenAI and the Messages API of Anthropic. Each request
 * carries the word `trial-SEED`, by which its script is found.
 */
export class ProviderDouble {
  readonly #scriptOf: (seed: number) => Script
  readonly #server: Server

  constructor(scriptOf: (seed: number) => Script) {
    this.#scriptOf = scriptOf
    this.#server = createServer((request, response) => {
      void this.#serve(request, response)
    })
  }

  /** Answers its address. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {})
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const text = Buffer.concat(chunks).toString('utf8')
    const asked = JSON.parse(text) as Request
    const script = this.#scriptOf(Number(/trial-(\d+)/.exec(text)![1]))
    const behaviour = script.next((asked.tools?.length ?? 0) > 0)
    const tokens = tokensOf(text, asked, behaviour)
    if (isBilled(behaviour)) {
      const { inputUsdPerMillion, outputUsdPerMillion } = doublePrice
      script.billedNanousd += (tokens.input * inputUsdPerMillion + tokens.output * outputUsdPerMillion) * 1000
    }
    const isOpenAi = request.url!.endsWith('/responses')
    act(response, behaviour, (reply) =>
      JSON.stringify(isOpenAi ? asResponse(reply, tokens, behaviour) : asMessage(reply, tokens, behaviour)),
    )
  }
}

/** Providers bill what they worked on, whether it arrived or not; a refusal is free unless they ran out of time. */
function isBilled(behaviour: Behaviour): boolean {
  return behaviour.do !== 'refuse' || behaviour.status === 504 || behaviour.status === 408
}

/** Never more than the request allows. */
function tokensOf(text: string, asked: Request, behaviour: Behaviour): Tokens {
  const most = asked.max_output_tokens ?? asked.max_tokens ?? Number.POSITIVE_INFINITY
  const said = 'reply' in behaviour ? (behaviour.reply.text ?? JSON.stringify(behaviour.reply.calls)) : ''
  const isWhole = behaviour.do === 'reply' && !behaviour.reply.cut
  const output = isWhole ? Math.min(most, Math.ceil(said.length / 3)) : most
  return { input: Math.ceil(Buffer.byteLength(text) / 3), output }
}

function act(response: ServerResponse, behaviour: Behaviour, render: (reply: Reply) => string): void {
  const json = { 'content-type': 'application/json' }
  switch (behaviour.do) {
    case 'reply':
      response.writeHead(200, json).end(render(behaviour.reply))
      break
    case 'break':
      breakOff(response, Buffer.from(render(behaviour.reply)), behaviour)
      break
    case 'refuse': {
      const { status, retryAfter } = behaviour
      const headers = retryAfter === undefined ? json : { ...json, 'retry-after': retryAfter }
      const error = { error: { message: 'refused', type: 'refused', code: 'refused', param: null } }
      response.writeHead(status, headers).end(JSON.stringify({ type: 'error', ...error }))
      break
    }
    case 'garbage':
      response.writeHead(200, json).end(behaviour.body)
      break
    case 'hang':
      if (behaviour.afterHead) response.writeHead(200, json).write('{')
  }
}

function breakOff(
  response: ServerResponse,
  whole: Buffer,
  { part, how }: Extract<Behaviour, { do: 'break' }>,
): void {
  const bytes = whole.subarray(0, Math.floor(part * whole.length))
  const json = { 'content-type': 'application/json' }
  if (how === 'said-cut') {
    response.writeHead(200, { ...json, 'content-length': bytes.length }).end(bytes)
    return
  }
  response.writeHead(200, how === 'unsaid' ? json : { ...json, 'content-length': whole.length })
  response.write(bytes, () => response.destroy())
}

function asResponse(
  { text, calls = [], cut }: Reply,
  { input, output }: Tokens,
  behaviour: Behaviour,
): object {
  const message = {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'double',
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    error: null,
    output: [
      ...(text === undefined ? [] : [message]),
      ...calls.map(({ tool, args }, index) => ({
        type: 'function_call',
        id: `fc_${index}`,
        call_id: `call_${index}`,
        name: tool,
        arguments: args,
        status: 'completed',
      })),
    ],
    ...(reportsUsage(behaviour) ? { usage: { input_tokens: input, output_tokens: output } } : {}),
  }
}

function asMessage(
  { text, calls = [], cut }: Reply,
  { input, output }: Tokens,
  behaviour: Behaviour,
): object {
  const ended = calls.length > 0 ? 'tool_use' : 'end_turn'
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'double',
    content: [
      ...(text === undefined ? [] : [{ type: 'text', text }]),
      ...calls.map(({ tool, args }, index) => ({
        type: 'tool_use',
        id: `toolu_${index}`,
        name: tool,
        input: parsed(args),
      })),
    ],
    stop_reason: cut ? 'max_tokens' : ended,
    stop_sequence: null,
    ...(reportsUsage(behaviour) ? { usage: { input_tokens: input, output_tokens: output } } : {}),
  }
}

function reportsUsage(behaviour: Behaviour): boolean {
  return behaviour.do !== 'reply' || behaviour.withUsage
}

/** Arguments that are no JSON come as their text. */
function parsed(args: string): unknown {
  try {
    return JSON.parse(args)
  } catch {
    return args
  }
}
