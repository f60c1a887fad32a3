import type { Json } from '../../base/json/json.ts'
import { type Channel, payloadIfSound, type RecordedRuling } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { Reading } from '../provenance/reading.ts'
import { RunValues } from '../provenance/run-values.ts'
import type { GovernedTool } from '../tools/governed-tool.ts'
import { inferTool } from '../tools/infer-tool.ts'
import { type Exposure, exposedToAll, isOwnWords } from './exposure.ts'

/** The tool with this name, as its code declares it; undefined: there is none now. */
export type FindTool = (name: string) => GovernedTool | undefined

interface Intent {
  tool: string
  args: Json
  answer: RecordedRuling['answer']
}

/**
 * What a run has read, with labels: a pure function of the events of its journal, in their order. Live and on replay the same
 * events make the same of it, in any process; it is made only where a call is judged.
 */
export class RunReadings {
  readonly values = new RunValues()
  /** Things that an untrusted value changed, each with why. */
  readonly taintedThings = new Map<string, string>()
  /** Delegated values that were acted upon. */
  readonly usedDelegations = new Set<string>()
  /** What its calls have sent, text by text: the newest, as far as that is kept. */
  readonly sent: string[] = []
  #sentLength = 0
  /** The input of the run, or of its chapter. */
  input: Json | undefined
  /** The operator's own words that began the run, as far as they are known. */
  words: string[] = []
  /** The last event that was read. */
  seq: number
  readonly #findTool: FindTool
  /** What whoever made the input had read. */
  readonly #inherited: Exposure
  /** Whether it was read from the beginning of the run. */
  readonly #isWhole: boolean
  readonly #intents = new Map<number, Intent>()
  /** The lowest call that something untrusted came from; 0: the input. */
  #untrustedFrom = Number.POSITIVE_INFINITY

  /** `after`: the event before the first one that counts. */
  constructor(findTool: FindTool, after: number, inherited: Exposure) {
    this.#findTool = findTool
    this.#isWhole = after === 0
    this.#inherited = inherited
    this.seq = after
  }

  get exposure(): Exposure {
    const { hasReadUntrusted, hasReadPrivate } = this.values
    return { hasReadUntrusted, hasReadPrivate }
  }

  /** Whether nothing untrusted came from the input, or from a call before this one. */
  isCleanBefore(step: number): boolean {
    return this.#untrustedFrom >= step
  }

  /** A value of the run that a grant may refer to: `input.from`. */
  readonly fact = (path: string): Json | undefined => {
    const [first, ...rest] = path.split('.')
    if (first !== 'input') return undefined
    let value: Json | undefined = this.input
    for (const part of rest) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
      value = (value as Record<string, Json>)[part]
    }
    return value
  }

  add(events: readonly JournalEvent[]): void {
    for (const event of events) {
      if (event.seq <= this.seq) continue
      this.seq = event.seq
      this.#addEvent(event)
    }
  }

  /** An allowed call takes effect on what comes after it at once, also before its intent is in the journal. */
  noteAllowed({ taints, delegations = [] }: Pick<RecordedRuling, 'taints' | 'delegations'>): void {
    if (taints) this.taintedThings.set(taints.thing, taints.why)
    for (const delegation of delegations) this.usedDelegations.add(delegation)
  }

  #addEvent(event: JournalEvent): void {
    switch (event.type) {
      case 'run-started':
      case 'input-replaced':
      case 'run-continued':
        this.#addInput(event)
        break
      case 'effect-intended':
        this.#addIntent(event)
        break
      case 'effect-completed':
        this.#addAnswer(event, valueIn(event))
        break
      case 'effect-failed':
        this.#addAnswer(event, payloadIfSound(event, 'effect-failed')?.message)
        break
      case 'step-completed':
        this.#addOutside(event, `the step "${event.name}"`, valueIn(event))
        break
      case 'signal-received':
        this.#addOutside(event, `the signal "${event.name}"`, valueIn(event))
        break
      case 'child-finished':
        this.#addOutside(event, 'what a child run came to', payloadIfSound(event, 'child-finished')?.value)
        break
      case 'recall-completed':
        this.#addPassages(event)
        break
      case 'approval-decided':
        this.#addDecision(event)
    }
  }

  #addInput(event: JournalEvent): void {
    const started = payloadIfSound(event, 'run-started', 'input-replaced', 'run-continued')
    this.input = started?.input ?? started?.given
    const inherited = event.type === 'run-continued' ? this.#soFar : this.#inherited
    const channel = started?.channel
    const isOwn = isOwnWords(channel) && !inherited.hasReadUntrusted
    if (isOwn) this.words = [...this.words, ...wordsIn(this.input)]
    if (this.input === undefined) return
    this.#read(0, {
      value: this.input,
      label: isOwn ? 'operator' : 'untrusted',
      isPrivate: inherited.hasReadPrivate,
      place: placeOfInput(channel, inherited),
    })
  }

  /** What the chapters before had read; those that were not looked at may have read anything. */
  get #soFar(): Exposure {
    return this.#isWhole ? this.exposure : exposedToAll
  }

  #addIntent(event: JournalEvent): void {
    const intent = payloadIfSound(event, 'effect-intended')
    if (!intent || event.step === null) return
    const { args = null, ruling } = intent
    this.#intents.set(event.step, { tool: event.name ?? '', args, answer: ruling?.answer })
    if (ruling) this.noteAllowed(ruling)
    const tool = this.#findTool(event.name ?? '') ?? inferTool({ name: event.name ?? '' })
    this.noteSent(tool, args)
  }

  /** The same of what an allowed call sends. */
  noteSent({ sends }: Pick<GovernedTool, 'sends'>, args: Json | undefined): void {
    if (sends === 'none') return
    for (const text of wordsIn(args)) {
      if (this.sent.includes(text)) continue
      this.sent.push(text)
      this.#sentLength += text.length
    }
    while (this.#sentLength > mostSentKept && this.sent.length > 1)
      this.#sentLength -= this.sent.shift()!.length
  }

  #addAnswer(event: JournalEvent, value: Json | undefined): void {
    const intent = event.step === null ? undefined : this.#intents.get(event.step)
    if (value === undefined || value === null) return
    // What was refused answered nothing.
    if (event.type === 'effect-failed' && !intent) return
    const answer = intent?.answer
    const name = event.name ?? ''
    const tool = this.#findTool(name)
    if (answer) {
      const {
        label,
        steering,
        isPrivate = false,
        isProse = false,
        isVouched = false,
        place,
        askedBy,
      } = answer
      this.#read(event.step ?? 0, {
        value,
        label,
        isPrivate,
        isProse,
        isVouched,
        place,
        ...(steering && { steering }),
        ...(askedBy && { askedBy }),
      })
      return
    }
    const known = tool ?? { ...inferTool({ name }), answers: 'untrusted' as const, isVouched: false }
    this.#read(event.step ?? 0, {
      value,
      label: known.answers,
      isPrivate: known.reads === 'private',
      isProse: known.isProse ?? false,
      isVouched: known.isVouched ?? false,
      place: known.place,
      askedBy: askedByOf(known, intent?.args),
    })
  }

  /** Numbers and the like cannot carry instructions, but are nobody's that is known. */
  #addOutside(event: JournalEvent, place: string, value: Json | undefined): void {
    if (value === undefined || value === null || typeof value === 'boolean') return
    if (typeof value === 'number' && event.type === 'step-completed') {
      this.#read(event.step ?? 0, { value, label: 'project', isPrivate: false, place })
      return
    }
    this.#read(event.step ?? 0, {
      value,
      label: 'untrusted',
      isPrivate: event.type === 'child-finished',
      place,
    })
  }

  #addPassages(event: JournalEvent): void {
    for (const passage of payloadIfSound(event, 'recall-completed')?.passages ?? []) {
      const isUntrusted = passage.untrusted === true
      this.#read(event.step ?? 0, {
        value: { title: passage.title, text: passage.text, source: passage.source },
        label: isUntrusted ? 'untrusted' : 'project',
        isPrivate: passage.isPrivate === true,
        isVouched: !isUntrusted,
        place: isUntrusted ? 'memory of what came from outside' : 'the knowledge of the project',
      })
    }
  }

  /** What a person gave of their own is theirs; what they only said yes to stays what it was. */
  #addDecision(event: JournalEvent): void {
    const decision = payloadIfSound(event, 'approval-decided')
    if (!decision || (!decision.edited && decision.status !== 'answered')) return
    if (decision.value === undefined || decision.value === null) return
    this.#read(event.step ?? 0, {
      value: decision.value,
      label: 'operator',
      isPrivate: false,
      isVouched: true,
      place: `what ${decision.by ?? 'a person'} gave`,
    })
  }

  #read(step: number, reading: Reading): void {
    this.values.add(reading)
    if (this.values.hasReadUntrusted) this.#untrustedFrom = Math.min(this.#untrustedFrom, step)
  }
}

/** Letters: whoever wants to hide pieces of a secret behind more than that has sent much. */
const mostSentKept = 50_000

/** Every text and number of an input, as words. */
export function wordsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part) => wordsIn(part as Json))
}

function valueIn({ payload }: JournalEvent): Json | undefined {
  return payload === null ? undefined : (JSON.parse(payload) as Json)
}

function askedByOf({ roles }: GovernedTool, args: Json | undefined): string[] {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return []
  return Object.entries(args).flatMap(([name, value]) =>
    (roles[name] ?? 'directs') === 'directs' && typeof value === 'string' ? [value] : [],
  )
}

function placeOfInput(channel: Channel | undefined, { hasReadUntrusted }: Exposure): string {
  if (hasReadUntrusted) return 'the input, which another run made of what it had read'
  if (channel === 'mail') return 'the mail that started this'
  return isOwnWords(channel) ? 'the input of this run' : `the input of this run, which came by ${channel}`
}
