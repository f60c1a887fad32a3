export interface Reply {
  /** Absent when the ticket has no usable sender: the helpdesk keeps the reply with the ticket. */
  to?: string
  subject: string
  body: string
  /** The id of the ticket that is answered. */
  inReplyTo: string
}

export interface ChatMessage {
  channel: string
  text: string
}

export interface Receipt {
  key: string
  receivedAt: string
  /** The receiver had this key already and did nothing more. */
  replayed: boolean
}

/** `retryable`: the same request with the same key may be sent again. It may have taken effect already. */
export class ReceiverError extends Error {
  readonly code: 'receiver-unreachable' | 'receiver-failed' | 'receiver-refused'
  readonly retryable: boolean
  readonly status: number | undefined

  constructor(
    code: ReceiverError['code'],
    message: string,
    options: { retryable: boolean; status?: number; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ReceiverError'
    this.code = code
    this.retryable = options.retryable
    this.status = options.status
  }
}

/** Sends a reply to a customer; the same key never sends it twice. @throws ReceiverError; the signal's reason when aborted */
export function postReply(
  baseUrl: string,
  reply: Reply,
  key: string,
  signal?: AbortSignal,
): Promise<Receipt> {
  return post(new URL('/helpdesk/replies', baseUrl), reply, key, signal)
}

/** Posts to a chat channel; the same key never posts twice. @throws ReceiverError; the signal's reason when aborted */
export function postMessage(
  baseUrl: string,
  message: ChatMessage,
  key: string,
  signal?: AbortSignal,
): Promise<Receipt> {
  return post(new URL('/chat/messages', baseUrl), message, key, signal)
}

/** Asks the helpdesk whether a key was received: what it received, or undefined when it never did. */
export async function findReply(
  baseUrl: string,
  key: string,
  signal?: AbortSignal,
): Promise<{ receivedAt: string; reply: Reply } | undefined> {
  const url = new URL(`/helpdesk/replies/${encodeURIComponent(key)}`, baseUrl)
  const response = await request(url, {}, signal)
  if (response.status === 404 && isAnswerOfReceiver(response)) {
    await response.body?.cancel()
    return
  }
  return (await readAnswer(url, response, signal)) as { receivedAt: string; reply: Reply }
}

async function post(
  url: URL,
  body: Reply | ChatMessage,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Receipt> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  const response = await request(url, { method: 'POST', headers, body: JSON.stringify(body) }, signal)
  const answer = (await readAnswer(url, response, signal)) as { key: string; receivedAt: string }
  return { ...answer, replayed: response.headers.get('idempotency-replayed') === 'true' }
}

async function request(url: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: signal ?? null })
  } catch (cause) {
    throw unreachable(url, cause, signal)
  }
}

async function readAnswer(url: URL, response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (cause) {
    throw unreachable(url, cause, signal)
  }
  const { status } = response
  if (response.ok) {
    try {
      return JSON.parse(text)
    } catch (cause) {
      const message = `${url} answered ${status} with something that is not JSON: ${text.slice(0, 200)}`
      throw new ReceiverError('receiver-failed', message, { retryable: true, status, cause })
    }
  }
  const message = `${url} answered ${status}: ${text.slice(0, 500)}`
  if (status >= 500 || status === 429 || status === 408)
    throw new ReceiverError('receiver-failed', message, { retryable: true, status })
  throw new ReceiverError('receiver-refused', message, { retryable: false, status })
}

function unreachable(url: URL, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  const reason =
    cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : cause
  const message = `No answer from ${url}: ${String(reason)}. Whether it took effect is unknown; ask by the key or send again with the same key.`
  return new ReceiverError('receiver-unreachable', message, { retryable: true, cause })
}

/** A wrong base URL gives 404 too, which must not read as "never received". */
function isAnswerOfReceiver(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('application/json') === true
}
