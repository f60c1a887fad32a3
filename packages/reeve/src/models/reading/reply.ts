import type { FinishReason, LanguageModelUsage } from 'ai'
import type { SdkModel } from '../providers/provider.ts'

type Sdk = typeof import('ai')
type Request = Omit<Parameters<Sdk['generateText']>[0], 'model'> &
  Pick<Parameters<Sdk['streamText']>[0], 'prompt'>

/** A call as the provider has it. */
export interface RepliedCall {
  id: string
  name: string
  /** JSON, as text. */
  input: string
  providerMetadata: Record<string, unknown>
}

/** The parts of a model's reply that count. */
export interface Reply {
  text: string
  calls: RepliedCall[]
  finish: { unified: FinishReason; raw: string | undefined }
  usage: LanguageModelUsage
}

/**
 * Asks for a reply; with `onText` as a stream, whose text is told as it comes. Calls are taken from the provider's own
 * parts: the AI SDK finds calls by their ids, of which a model may give two the same, and hands on arguments parsed.
 */
export async function askForReply(
  sdk: Sdk,
  model: SdkModel,
  request: Request,
  onText?: (text: string) => void,
): Promise<Reply> {
  const heard: Pick<Reply, 'calls' | 'finish'> = {
    calls: [],
    finish: { unified: 'other', raw: undefined },
  }
  const asked = { ...request, model: listening(sdk, model, heard) } as Parameters<Sdk['streamText']>[0]
  if (onText) return { ...(await readStream(sdk, asked, onText)), ...heard }
  const { text, usage } = await sdk.generateText(asked)
  return { text, usage, ...heard }
}

type Middleware = Extract<Parameters<Sdk['wrapLanguageModel']>[0]['middleware'], { wrapGenerate?: unknown }>
type StreamPart =
  Awaited<ReturnType<NonNullable<Middleware['wrapStream']>>>['stream'] extends ReadableStream<infer Part>
    ? Part
    : never

/** Notes calls and ending, and keeps all parts about tools from the AI SDK. */
function listening(sdk: Sdk, model: SdkModel, heard: Pick<Reply, 'calls' | 'finish'>): SdkModel {
  const isForSdk = (part: { type: string }): boolean => {
    if (part.type === 'tool-call') noteCall(part as Extract<StreamPart, { type: 'tool-call' }>, heard)
    return !part.type.startsWith('tool-')
  }
  const middleware: Middleware = {
    specificationVersion: 'v4',
    async wrapGenerate({ doGenerate }) {
      const result = await doGenerate()
      heard.finish = { unified: result.finishReason.unified, raw: result.finishReason.raw ?? undefined }
      return { ...result, content: result.content.filter(isForSdk) }
    },
    async wrapStream({ doStream }) {
      const { stream, ...rest } = await doStream()
      const noting = new TransformStream<StreamPart, StreamPart>({
        transform(part, controller) {
          if (part.type === 'finish')
            heard.finish = { unified: part.finishReason.unified, raw: part.finishReason.raw ?? undefined }
          if (isForSdk(part)) controller.enqueue(part)
        },
      })
      return { ...rest, stream: stream.pipeThrough(noting) }
    },
  }
  return sdk.wrapLanguageModel({ model: model as never, middleware })
}

/** A call that the provider has run itself is none of ours. */
function noteCall(part: Extract<StreamPart, { type: 'tool-call' }>, heard: Pick<Reply, 'calls'>): void {
  if (part.providerExecuted) return
  heard.calls.push({
    id: part.toolCallId ?? '',
    name: part.toolName,
    input: part.input,
    providerMetadata: part.providerMetadata ?? {},
  })
}

async function readStream(
  sdk: Sdk,
  request: Parameters<Sdk['streamText']>[0],
  onText: (text: string) => void,
): Promise<Pick<Reply, 'text' | 'usage'>> {
  // Without a handler of its own the AI SDK prints each error; it is thrown below.
  const result = sdk.streamText({ ...request, onError: () => {} })
  const reply = { text: '', usage: {} as LanguageModelUsage }
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') {
      reply.text += part.text
      onText(part.text)
    } else if (part.type === 'finish-step') reply.usage = part.usage
    else if (part.type === 'error') throw part.error
  }
  return reply
}
