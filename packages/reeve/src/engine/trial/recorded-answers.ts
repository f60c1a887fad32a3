import type { CallKind } from '../../store/journal/events.ts'
import type { RunMarks } from '../../store/marks/run-marks.ts'
import type { CallAnswers, History, RecordedCall, RecordedSettlement } from '../replay/history.ts'

/** How a call that other code makes parts from the journal. */
export interface CallDifference {
  /**
   * `new`: the journal has no such call. `arguments`: it has one of that kind and name with other arguments. `moved`: it has
   * exactly this one, before one that the code made already. `unmade`: the journal has it, and the code does not make it.
   */
  what: 'new' | 'arguments' | 'moved' | 'unmade'
  kind: CallKind
  name: string
  /** The number that the code gives it; of one that it does not make, the journal's. */
  call: number
  /** The number that the journal has for it. */
  recorded?: number
}

interface HowToCompare {
  byName?: boolean
  marks: RunMarks
  /** The run succeeded: it went past all that it came to. Default false. */
  hasSucceeded?: boolean
}

/**
 * Answers the calls of a try with what a journal has of an ended run, by what a call is: its kind, its name, its arguments.
 * Each recorded call answers one. The settlements come in the order of the journal, as far as the code asks for them.
 */
export class RecordedAnswers implements CallAnswers {
  readonly differences: CallDifference[] = []
  readonly #recorded: Map<number, RecordedCall>
  readonly #settlements: Map<number, RecordedSettlement>
  /** Where the engine takes what is told to the code next. */
  readonly #told: (RecordedSettlement | undefined)[]
  readonly #calls: Map<number, RecordedCall>
  readonly #byName: boolean
  readonly #marks: RunMarks
  /** How far the numbers of the try are from those of the journal. */
  #shift = 0
  #step: number
  readonly #lastStep: number
  readonly #isWhole: boolean
  /** The highest number in the journal that was asked for. */
  #reached = 0

  /** `byName`: arguments may differ from what the journal has. */
  private constructor(
    recorded: History,
    told: History,
    { byName = false, marks, hasSucceeded = false }: HowToCompare,
  ) {
    this.#isWhole = hasSucceeded
    this.#lastStep = recorded.lastStep
    this.#marks = marks
    this.#recorded = new Map(recorded.calls)
    this.#settlements = new Map(recorded.settlements.map((each) => [each.step, each]))
    this.#told = told.settlements
    this.#calls = told.calls
    this.#byName = byName
    this.#step = recorded.callsBefore + 1
  }

  /** The history to try code with, and who answers its calls. */
  static of(recorded: History, how: HowToCompare): { history: History; answers: RecordedAnswers } {
    const history: History = {
      ...recorded,
      calls: new Map(),
      settlements: [],
      // What the journal holds beyond that is for the answers to say: the code is never behind.
      lastStep: recorded.callsBefore,
      openSince: new Map(),
      openChildren: 0,
    }
    const answers = new RecordedAnswers(recorded, history, how)
    history.answers = answers
    return { history, answers }
  }

  answer(step: number, kind: CallKind, name: string, args: string | null): RecordedCall | undefined {
    this.#step = step + 1
    const expected = this.#recorded.get(step + this.#shift)
    if (expected && isCall(expected, kind, name) && this.#marks.isSame(expected.args, args))
      return this.#take(expected, step)
    const same = this.#find((call) => isCall(call, kind, name) && this.#marks.isSame(call.args, args))
    if (same) return this.#take(same, step)
    const named =
      expected && isCall(expected, kind, name) ? expected : this.#find((call) => isCall(call, kind, name))
    if (!named) {
      this.differences.push({ what: 'new', kind, name, call: step })
      this.#shift--
      return undefined
    }
    this.#note('arguments', step, named)
    if (this.#byName) return this.#take({ ...named, args }, step)
    // It stands in the place of the recorded one, which is not left over.
    this.#recorded.delete(named.step)
    this.#shift = named.step - step
    return undefined
  }

  next(): RecordedCall | undefined {
    return this.#recorded.get(this.#step + this.#shift)
  }

  get wentPast(): boolean {
    return this.#isWhole || this.#step + this.#shift <= this.#lastStep
  }

  /** Notes what the journal has and the code has not asked for. */
  end(): void {
    for (const { step, kind, name } of this.#recorded.values())
      this.differences.push({ what: 'unmade', kind, name: name ?? '', call: step, recorded: step })
    this.#recorded.clear()
  }

  #note(what: 'moved' | 'arguments', step: number, { kind, name, step: recorded }: RecordedCall): void {
    this.differences.push({ what, kind, name: name ?? '', call: step, recorded })
  }

  #find(fits: (call: RecordedCall) => boolean): RecordedCall | undefined {
    for (const call of this.#recorded.values()) if (fits(call)) return call
    return undefined
  }

  #take(found: RecordedCall, step: number): RecordedCall {
    if (found.step < this.#reached) this.#note('moved', step, found)
    else this.#reached = found.step
    this.#recorded.delete(found.step)
    this.#shift = found.step - step
    const settlement = this.#settlements.get(found.step)
    const call = found.step === step ? found : { ...found, step }
    this.#calls.set(step, call)
    if (settlement) this.#tell(settlement.step === step ? settlement : { ...settlement, step })
    return call
  }

  /** In the order of the journal, behind what was told already. */
  #tell(settlement: RecordedSettlement): void {
    let at = this.#told.length
    for (; at > 0; at--) {
      const before = this.#told[at - 1]
      if (before === undefined || before.event.seq < settlement.event.seq) break
    }
    this.#told.splice(at, 0, settlement)
  }
}

function isCall(recorded: RecordedCall, kind: CallKind, name: string): boolean {
  return recorded.kind === kind && recorded.name === name
}
