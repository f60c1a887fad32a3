import { firstCharacters, shortenMiddle } from '../../base/text/shorten.ts'
import type { Message, ToolCall } from '../../models/solver.ts'

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
  /** Of all of it. Counted anew only where it changed. */
  tokens: number
}

const noteLength = 160
const summaryHead = '\n\nWhat was done so far, shortened:'
const encoder = new TextEncoder()

/** A rough, deterministic count: a token is at least three bytes of most texts. */
export function estimateTokens(text: string): number {
  return tokensIn(Buffer.byteLength(text))
}

function tokensIn(bytes: number): number {
  return Math.ceil(bytes / 3)
}

/**
 * A conversation that fits a number of tokens, by rules alone, so that a replay makes the same prompts. When it grows
 * too long: the oldest results are cut to their beginning; then the oldest turns shrink to a line each; then the last
 * turn's results are cut; then the oldest of those lines go. The input and what was said last always stay.
 */
export class ContextWindow {
  readonly #input: string
  readonly #inputBytes: number
  /** Tokens of what surrounds the conversation: instructions, tools, schema. */
  readonly #around: number
  readonly #limit: number
  readonly #turns: Turn[] = []
  /** Of all turns. */
  #turnTokens = 0
  /** How many of the oldest turns had their results cut already. */
  #cut = 0
  #summary: string[] = []
  #summaryBytes = 0
  #forgotten = 0

  constructor(options: { input: string; around: number; limit: number }) {
    this.#input = options.input
    this.#inputBytes = Buffer.byteLength(options.input)
    this.#around = options.around
    this.#limit = options.limit
  }

  /** The longest text of one result that a prompt may hold, in characters. */
  get resultLength(): number {
    return Math.max(2 * noteLength, Math.floor((this.#limit * 3) / 4))
  }

  add(number: number, said: { text?: string; calls?: ToolCall[]; results?: WindowResult[] }): void {
    const { text, calls = [], results = [] } = said
    const turn: Turn = { number, text, calls, results: [...results], notices: [], tokens: 0 }
    this.#turns.push(turn)
    this.#recount(turn)
  }

  notice(text: string): void {
    const last = this.#turns.at(-1)
    if (!last) return
    last.notices.push(text)
    this.#recount(last)
  }

  /** Makes it fit. Answers what had to go; `fits` is false when even the rest is too long. */
  fit(): { fits: boolean; tokens: number; dropped: Dropped[] } {
    const dropped: Dropped[] = []
    const isTooLong = () => this.#tokens() > this.#limit
    while (isTooLong() && this.#cut < this.#turns.length - 1) {
      this.#cutResults(this.#turns[this.#cut]!, dropped)
      this.#cut++
    }
    while (isTooLong() && this.#turns.length > 1) this.#fold(dropped)
    if (isTooLong()) this.#shrinkLast(Math.floor(this.#limit / 4), dropped)
    while (isTooLong() && this.#summary.length > 0) this.#forget(dropped)
    if (isTooLong()) this.#shrinkLast(0, dropped)
    return { fits: !isTooLong(), tokens: this.#tokens(), dropped }
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
    const forgotten = this.#forgotten > 0 ? [this.#forgottenLine()] : []
    return [`${this.#input}${summaryHead}`, ...forgotten, ...this.#summary].join('\n')
  }

  #forgottenLine(): string {
    return `(${this.#forgotten} earlier turns are not shown)`
  }

  /** As many bytes as `#opening` has, without its text being made. */
  #openingBytes(): number {
    if (this.#summary.length === 0 && this.#forgotten === 0) return this.#inputBytes
    const forgotten = this.#forgotten > 0 ? this.#forgottenLine().length + 1 : 0
    return this.#inputBytes + summaryHead.length + forgotten + this.#summaryBytes
  }

  #tokens(): number {
    return this.#around + tokensIn(this.#openingBytes()) + this.#turnTokens
  }

  #recount(turn: Turn): void {
    this.#turnTokens -= turn.tokens
    turn.tokens = tokensOf(turn)
    this.#turnTokens += turn.tokens
  }

  #cutResults(turn: Turn, dropped: Dropped[]): void {
    for (const result of turn.results) this.#cutResult(turn, result, noteLength, dropped)
    this.#recount(turn)
  }

  #cutResult(turn: Turn, result: WindowResult, keptBytes: number, dropped: Dropped[]): void {
    if (Buffer.byteLength(result.text) <= keptBytes + noteLength) return
    const keep = encoder.encodeInto(result.text, new Uint8Array(keptBytes)).read
    const characters = result.text.length - keep
    result.text = `${firstCharacters(result.text, keep)} [… ${characters} characters left out to save room …]`
    dropped.push({ turn: turn.number, what: 'result', tool: result.call.tool, characters })
  }

  /** The oldest turn becomes a line. */
  #fold(dropped: Dropped[]): void {
    const turn = this.#turns.shift()!
    this.#turnTokens -= turn.tokens
    this.#cut = Math.max(0, this.#cut - 1)
    const parts = turn.results.map(({ call, text, failed }) => {
      const asked = firstCharacters(JSON.stringify(call.args), noteLength)
      return `${call.tool}(${asked}) ${failed ? 'failed' : 'gave'} ${firstCharacters(text, noteLength)}`
    })
    const line = `turn ${turn.number}: ${parts.join('; ') || firstCharacters(turn.text ?? '', noteLength)}`
    this.#summary.push(line)
    this.#summaryBytes += Buffer.byteLength(line) + 1
    dropped.push({ turn: turn.number, what: 'turn', characters: 3 * turn.tokens })
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
    this.#recount(last)
  }

  /** The oldest line goes. */
  #forget(dropped: Dropped[]): void {
    const line = this.#summary.shift()!
    this.#summaryBytes -= Buffer.byteLength(line) + 1
    this.#forgotten++
    dropped.push({ turn: this.#forgotten, what: 'summary', characters: line.length })
  }
}

function tokensOf({ text = '', calls, results, notices }: Omit<Turn, 'tokens'>): number {
  let tokens = estimateTokens(text)
  for (const call of calls) tokens += estimateTokens(JSON.stringify(call))
  for (const result of results) tokens += estimateTokens(result.text)
  for (const notice of notices) tokens += estimateTokens(notice)
  return tokens
}

/** A long result as the model sees it. */
export function shownResult(text: string, length: number): string {
  const mark = (left: number) =>
    `\n[… ${left} of ${text.length} characters left out; the run's journal keeps the whole …]\n`
  return shortenMiddle(text, length, 0.75, mark)
}
