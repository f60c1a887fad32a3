import { ApiError } from './api-error.ts'
import { searchOf } from './search.ts'

/** An event of a run's journal, without what it holds: ask for that with `runs.events`. */
export interface JournalEvent {
  /** Of all runs, unique. */
  id: number
  runId: string
  workflow: string
  seq: number
  /** `run-started`, `approval-requested` … */
  type: string
  /** The call that it belongs to; null: the run itself. */
  call: number | null
  /** Foreign text. */
  name: string | null
  at: string
  /** How it is to be taken. */
  tone: string
  /** What it means, on one line. */
  words: string
}

/** Which events `follow` tells. Without a filter: all. */
export interface EventOptions {
  /** Only of these runs. */
  run?: string | readonly string[]
  /** Only of runs of these workflows. */
  workflow?: string | readonly string[]
  /** Only these types of events. */
  kind?: string | readonly string[]
  /** From where to go on, as `onCursor` told it; absent: from now on. */
  after?: string
  /** Told where it is: kept, it can be gone on from there later. */
  onCursor?: (cursor: string) => void
  /** Told when it is connected, and when it is not. */
  onState?: (state: 'connected' | 'away') => void
  /** Ends it. */
  signal: AbortSignal
}

const firstPauseMs = 500
const longestPauseMs = 15_000
/** A server that is there says something every ten seconds: after so much silence the connection is dead, as after a sleep. */
const longestSilenceMs = 35_000

type Connect = (search: string, cursor: string | undefined, signal: AbortSignal) => Promise<Response>

/** Connects again, with longer and longer pauses, for as long as trying again may help. */
export async function followEvents(
  connect: Connect,
  options: EventOptions,
  onEvent: (event: JournalEvent) => void,
): Promise<void> {
  const { run, workflow, kind, signal, onCursor, onState } = options
  const search = searchOf({ run, workflow, kind })
  let cursor = options.after
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    try {
      const response = await connect(search, cursor, signal)
      onState?.('connected')
      for await (const message of messagesOf(response)) {
        pauseMs = firstPauseMs
        if (message.kind === 'journal') onEvent(JSON.parse(message.data) as JournalEvent)
        if (message.id !== undefined) {
          cursor = message.id
          onCursor?.(cursor)
        }
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && !error.retryable) throw error
    }
    if (signal.aborted) return
    onState?.('away')
    await pause(pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

interface Message {
  kind: string
  data: string
  id: string | undefined
}

/** The messages of a stream of server-sent events. */
async function* messagesOf(response: Response): AsyncGenerator<Message> {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { value, done } = await unlessSilent(reader.read())
      if (done) return
      text += decoder.decode(value, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield messageOf(text.slice(0, end))
        text = text.slice(end + 2)
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** @throws when nothing comes for too long */
function unlessSilent<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The stream of events is silent.')), longestSilenceMs)
    reading.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function messageOf(block: string): Message {
  const message: Message = { kind: 'message', data: '', id: undefined }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (line.startsWith('event:')) message.kind = value
    if (line.startsWith('data:')) message.data += value
    if (line.startsWith('id:')) message.id = value
  }
  return message
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
