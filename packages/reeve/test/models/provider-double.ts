import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface SeenRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  /** As text, and as JSON where it is JSON. */
  text: string
  body: Record<string, unknown>
}

export interface ProviderDouble {
  /** Without a path. */
  url: string
  requests: SeenRequest[]
  close(): Promise<void>
}

type Reply = (request: SeenRequest, response: ServerResponse) => unknown

/**
 * A provider on the loopback, for what the mock cannot play. A reply that answers a value is sent as JSON; one that
 * answers undefined has written the response itself.
 */
export async function providerDouble(reply: Reply): Promise<ProviderDouble> {
  const requests: SeenRequest[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const seen: SeenRequest = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      text,
      body: text.startsWith('{') && !text.includes('\n{') ? (JSON.parse(text) as SeenRequest['body']) : {},
    }
    requests.push(seen)
    const answer = await reply(seen, response)
    if (answer !== undefined)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A reply of Anthropic's messages endpoint. */
export function anthropicMessage(text: string, usage: Record<string, number>) {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage,
  }
}

/** A reply of OpenAI's responses endpoint. */
export function openAiResponse(text: string, usage: { input: number; cached: number; output: number }) {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    model: 'gpt-5-mini',
    status: 'completed',
    output: [
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    ],
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: 0 },
    },
  }
}
