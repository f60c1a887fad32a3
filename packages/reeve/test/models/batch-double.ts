import { anthropicMessage, openAiResponse, type ProviderDouble, providerDouble } from './provider-double.ts'

/** What became of one question of a batch: its answer and how it ended, or how it failed; undefined: its line is missing. */
export type Line = { text: string; end?: string | null } | 'errored' | 'expired' | undefined

export interface BatchAtDouble {
  id: string
  /** Of its provider. */
  url: string
  /** The texts of its questions, by their ids. */
  questions: Map<string, string>
  key: string | undefined
  state: 'under way' | 'ended' | 'failed' | 'cancelled'
  /** As they are given out; in the order of the questions until a test changes them. */
  lines: { id: string; line: Line }[]
}

export interface BatchDouble extends ProviderDouble {
  batches: BatchAtDouble[]
  /** Texts of the questions that came on the ordinary route. */
  asked: string[]
  cancelled: string[]
  /** Ends all batches that are under way, or that with the text: `answer` says what each question came to. */
  end(answer: (text: string) => Line, withText?: string): void
  /** What happens to the next submission. */
  next: 'accept' | 'refuse' | 'lose the answer' | 'lose the request'
  /** Told as soon as a batch is there, before its reply. */
  onSubmission: () => void
  /** Whether lists show any batch. */
  isListed: boolean
}

/** Tokens of every answer. */
const tokens = { input: 100, cached: 0, output: 10 }

interface Wire {
  submitted(text: string): Map<string, string>
  shown(batch: BatchAtDouble): unknown
  lineOf(id: string, line: Exclude<Line, undefined>): unknown
  reply(text: string): unknown
}

/**
 * A provider's batches on the loopback, as it speaks over the wire. `ordinary` answers what comes outside of batches.
 */
export async function batchDouble(
  provider: 'openai' | 'anthropic',
  ordinary: (text: string) => string,
): Promise<BatchDouble> {
  const wire = provider === 'openai' ? openAi : anthropic
  const files = new Map<string, string>()
  const double: BatchDouble = Object.assign(
    await providerDouble(({ method, path, text, body }, response) => {
      const { pathname } = new URL(path, 'http://loopback')
      const [, id, action] = /batches\/([^/]+)(?:\/(\w+))?$/.exec(pathname) ?? []
      if (pathname.endsWith('/files')) {
        files.set(`file-${files.size}`, text)
        return { id: `file-${files.size - 1}` }
      }
      if (pathname.endsWith('/content') || action === 'results') {
        const batch = double.batches.find((each) => pathname.includes(`${each.id}${id ? '' : '-output'}`))!
        const lines = batch.lines.filter(({ line }) => line !== undefined)
        response.end(lines.map(({ id: item, line }) => JSON.stringify(wire.lineOf(item, line!))).join('\n'))
        return undefined
      }
      if (method === 'POST' && pathname.endsWith('/batches')) {
        const mode = double.next
        double.next = 'accept'
        if (mode === 'refuse') {
          response.statusCode = 400
          return { type: 'error', error: { type: 'invalid_request_error', message: 'no batches today' } }
        }
        if (mode !== 'lose the request') {
          const questions = wire.submitted(files.get(String(body.input_file_id)) ?? text)
          double.batches.unshift({
            id: `batch_${double.batches.length}`,
            url: double.url,
            questions,
            key: (body.metadata as Record<string, string> | undefined)?.reeve_key,
            state: 'under way',
            lines: [...questions.keys()].map((item) => ({ id: item, line: undefined })),
          })
        }
        double.onSubmission()
        if (mode === 'accept') return wire.shown(double.batches[0]!)
        response.destroy()
        return undefined
      }
      if (pathname.endsWith('/batches'))
        return {
          object: 'list',
          data: double.isListed ? double.batches.map(wire.shown) : [],
          has_more: false,
          last_id: null,
        }
      if (id !== undefined) {
        const batch = double.batches.find((each) => each.id === id)
        if (!batch) {
          response.statusCode = 404
          return { type: 'error', error: { type: 'not_found_error', message: 'no such batch' } }
        }
        if (action === 'cancel') {
          double.cancelled.push(id)
          if (batch.state === 'under way') batch.state = 'cancelled'
        }
        return wire.shown(batch)
      }
      const question = textOf(body)
      double.asked.push(question)
      return wire.reply(ordinary(question))
    }),
    {
      batches: [],
      asked: [],
      cancelled: [],
      next: 'accept' as const,
      onSubmission: () => {},
      isListed: true,
      end(answer: (text: string) => Line, withText?: string) {
        for (const batch of double.batches) {
          if (batch.state !== 'under way') continue
          if (withText !== undefined && ![...batch.questions.values()].includes(withText)) continue
          batch.state = 'ended'
          batch.lines = [...batch.questions].map(([id, text]) => ({ id, line: answer(text) }))
        }
      },
    },
  ) as BatchDouble
  return double
}

/** The input between the marks, the last one: a question that mends an answer has it too. */
function textOf(request: unknown): string {
  const text = /<data name=\\"input\\" id=\\"\w+\\">\\n(.*?)\\n<\/data/.exec(JSON.stringify(request))?.[1]
  return text?.replaceAll('\\"', '"') ?? ''
}

const answeredOf = ({ lines }: BatchAtDouble) => lines.filter(({ line }) => typeof line === 'object').length

const openAi: Wire = {
  submitted(text) {
    const lines = text.split(/\r?\n/).filter((line) => line.startsWith('{"custom_id"'))
    return new Map(lines.map((line) => JSON.parse(line)).map((item) => [item.custom_id, textOf(item.body)]))
  },
  shown(batch) {
    const status = {
      'under way': 'in_progress',
      ended: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
    }
    const completed = answeredOf(batch)
    const total = batch.questions.size
    return {
      id: batch.id,
      object: 'batch',
      status: status[batch.state],
      output_file_id: batch.state === 'ended' || completed > 0 ? `${batch.id}-output` : null,
      created_at: Date.UTC(2026, 0, 1) / 1000,
      request_counts: { total, completed, failed: batch.state === 'under way' ? 0 : total - completed },
      errors:
        batch.state === 'failed' ? { data: [{ code: 'invalid', message: 'the file is no good' }] } : null,
      ...(batch.key === undefined ? {} : { metadata: { reeve_key: batch.key } }),
    }
  },
  lineOf(id, line) {
    if (line === 'expired')
      return { custom_id: id, response: null, error: { code: 'batch_expired', message: 'too late' } }
    if (line === 'errored')
      return { custom_id: id, response: { status_code: 500, body: { error: { message: 'broke' } } } }
    const { text, end } = line
    const body = { ...openAiResponse(text, tokens), ...(end === undefined ? {} : { status: end }) }
    return { custom_id: id, response: { status_code: 200, body } }
  },
  reply: (text) => openAiResponse(text, tokens),
}

const anthropicTokens = { input_tokens: tokens.input, output_tokens: tokens.output }

const anthropic: Wire = {
  submitted(text) {
    const { requests } = JSON.parse(text) as { requests: { custom_id: string; params: unknown }[] }
    return new Map(requests.map(({ custom_id, params }) => [custom_id, textOf(params)]))
  },
  shown(batch) {
    const isOpen = batch.state === 'under way'
    const succeeded = answeredOf(batch)
    const total = batch.questions.size
    const counts = { canceled: 0, errored: isOpen ? 0 : total - succeeded, expired: 0 }
    return {
      id: batch.id,
      type: 'message_batch',
      processing_status: isOpen ? 'in_progress' : 'ended',
      request_counts: { processing: isOpen ? total : 0, succeeded, ...counts },
      created_at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
      expires_at: new Date(Date.UTC(2026, 0, 2)).toISOString(),
      results_url: isOpen ? null : `${batch.url}/v1/messages/batches/${batch.id}/results`,
    }
  },
  lineOf(id, line) {
    const error = { type: 'error', error: { type: 'api_error', message: 'broke' } }
    if (typeof line === 'string')
      return { custom_id: id, result: line === 'expired' ? { type: line } : { type: line, error } }
    const { text, end } = line
    const message = {
      ...anthropicMessage(text, anthropicTokens),
      ...(end === undefined ? {} : { stop_reason: end }),
    }
    return { custom_id: id, result: { type: 'succeeded', message } }
  },
  reply: (text) => anthropicMessage(text, anthropicTokens),
}
