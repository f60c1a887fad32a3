import type { Message, ToolCall } from '../models/solver.ts'

/** What was left out of a prompt to make room. The journal keeps the whole of it. */
export interface Dropped {
  turn: number
  what: 'result' | 'turn' | 'summary'
  tool?: string
  characters: number
}

export interface WindowResult {
  call: ToolCall
  text: string
  failed: boolean
}

interface Turn {
  number: number
  text: string | undefined
  calls: ToolCall[]
  results: WindowResult[]
  /** What the runtime says after it. */
  notices: string[]
}

const noteLength = 160
const encoder = new TextEncoder()

/** A rough, deterministic count: a token is at least three bytes of most texts. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3)
}

/**
 * A conversation that fits a number of tokens, by rules alone, so that a replay makes the same prompts. When it grows
 * too long: the oldest results are cut to their beginning; then the oldest turns shrink to a line each; then the last
 * turn's results are cut; then the oldest of those lines go. The input and what was said last always stay.
 */
export class ContextWindow {
  readonly #input: string
  /** Tokens of what surrounds the conversation: instructions, tools, schema. */
  readonly #around: number
  readonly #limit: number
  readonly #turns: Turn[] = []
  #summary: string[] = []
  #forgotten = 0

  constructor(options: { input: string; around: number; limit: number }) {
    this.#input = options.input
    this.#around = options.around
    this.#limit = options.limit
  }

  /** The longest text of one result that a prompt may hold, in characters. */
  get resultLength(): number {
    return Math.max(2 * noteLength, Math.floor((this.#limit * 3) / 4))
  }

  add(number: number, said: { text?: string; calls?: ToolCall[]; results?: WindowResult[] }): void {
    const { text, calls = [], results = [] } = said
    this.#turns.push({ number, text, calls, results: [...results], notices: [] })
  }

  notice(text: string): void {
    this.#turns.at(-1)?.notices.push(text)
  }

  /** Makes it fit. Answers what had to go; `fits` is false when even the rest is too long. */
  fit(): { fits: boolean; tokens: number; dropped: Dropped[] } {
    const dropped: Dropped[] = []
    const cuts = [
      ...this.#turns.slice(0, -1).map((turn) => () => this.#cutResults(turn, dropped)),
      ...this.#turns.slice(0, -1).map((turn) => () => this.#fold(turn, dropped)),
      () => this.#shrinkLast(Math.floor(this.#limit / 4), dropped),
      () => this.#forget(dropped),
      () => this.#shrinkLast(0, dropped),
    ]
    let tokens = this.#tokens()
    for (const cut of cuts) {
      if (tokens <= this.#limit) break
      cut()
      tokens = this.#tokens()
    }
    return { fits: tokens <= this.#limit, tokens, dropped }
  }

  messages(): Message[] {
    const messages: Message[] = [{ role: 'user', text: this.#opening() }]
    for (const { text, calls, results, notices } of this.#turns) {
      messages.push({ role: 'assistant', ...(text ? { text } : {}), ...(calls.length > 0 ? { calls } : {}) })
      for (const { call, text, failed } of results)
        messages.push({ role: 'tool', call: call.id, tool: call.tool, text, ...(failed ? { failed } : {}) })
      if (notices.length > 0) messages.push({ role: 'user', text: notices.join('\n') })
    }
    return messages
  }

  #opening(): string {
    if (this.#summary.length === 0 && this.#forgotten === 0) return this.#input
    const lines = [...this.#summary]
    if (this.#forgotten > 0) lines.unshift(`(${this.#forgotten} earlier turns are not shown)`)
    return `${this.#input}\n\nWhat was done so far, shortened:\n${lines.join('\n')}`
  }

  #tokens(): number {
    let tokens = this.#around + estimateTokens(this.#opening())
    for (const turn of this.#turns) tokens += tokensOf(turn)
    return tokens
  }

  #cutResults(turn: Turn, dropped: Dropped[]): void {
    for (const result of turn.results) this.#cutResult(turn, result, noteLength, dropped)
  }

  #cutResult(turn: Turn, result: WindowResult, keptBytes: number, dropped: Dropped[]): void {
    if (Buffer.byteLength(result.text) <= keptBytes + noteLength) return
    const keep = encoder.encodeInto(result.text, new Uint8Array(keptBytes)).read
    const characters = result.text.length - keep
    result.text = `${result.text.slice(0, keep)} [… ${characters} characters left out to save room …]`
    dropped.push({ turn: turn.number, what: 'result', tool: result.call.tool, characters })
  }

  #fold(turn: Turn, dropped: Dropped[]): void {
    this.#turns.splice(this.#turns.indexOf(turn), 1)
    const parts = turn.results.map(({ call, text, failed }) => {
      const asked = JSON.stringify(call.args).slice(0, noteLength)
      return `${call.tool}(${asked}) ${failed ? 'failed' : 'gave'} ${text.slice(0, noteLength)}`
    })
    this.#summary.push(`turn ${turn.number}: ${parts.join('; ') || (turn.text ?? '').slice(0, noteLength)}`)
    dropped.push({ turn: turn.number, what: 'turn', characters: 3 * tokensOf(turn) })
  }

  /** Cuts the last turn's results to equal shares of what the rest leaves, but of `least` tokens together. */
  #shrinkLast(least: number, dropped: Dropped[]): void {
    const last = this.#turns.at(-1)
    if (!last || last.results.length === 0) return
    const own = last.results.reduce((sum, { text }) => sum + estimateTokens(text), 0)
    const room = Math.max(least, this.#limit - (this.#tokens() - own))
    const shareBytes = Math.floor((3 * room) / last.results.length) - noteLength
    for (const result of last.results)
      this.#cutResult(last, result, Math.max(noteLength, shareBytes), dropped)
  }

  #forget(dropped: Dropped[]): void {
    while (this.#summary.length > 0 && this.#tokens() > this.#limit) {
      const line = this.#summary.shift()!
      this.#forgotten++
      dropped.push({ turn: this.#forgotten, what: 'summary', characters: line.length })
    }
  }
}

function tokensOf({ text = '', calls, results, notices }: Turn): number {
  let tokens = estimateTokens(text)
  for (const call of calls) tokens += estimateTokens(JSON.stringify(call))
  for (const result of results) tokens += estimateTokens(result.text)
  for (const notice of notices) tokens += estimateTokens(notice)
  return tokens
}
