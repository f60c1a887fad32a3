import type { Json } from '../../src/base/json/json.ts'
import type { EffectClass } from '../../src/store/journal/vocabulary/effect-class.ts'

/**
 * What passes between a victim and the oracle, and what the oracle keeps: one JSON line each, over TCP on loopback.
 * A client that says something without waiting has it in the kernel before its next line of code runs, so that a
 * SIGKILL right after it loses nothing.
 */
export type Said =
  /** What an outside system receives. Answered. */
  | {
      kind: 'effect'
      tool: string
      effect: EffectClass
      key: string
      attempt: number
      args: Json
      manner: Manner
    }
  /** Whether an outside system has applied a key. Answered. */
  | { kind: 'asked'; tool: string; key: string }
  /** A step's body began. */
  | { kind: 'body'; run: string; name: string; key: string; attempt: number }
  /** A section that must not overlap with others of its group was entered or left. */
  | { kind: 'entered' | 'left'; group: string; run: string }
  /** A workflow saw the outcome of a call. */
  | { kind: 'saw'; run: string; name: string; value: Json }
  /** A client was told that its start was accepted. */
  | { kind: 'started'; workflow: string; key: string; run: string; isNew: boolean }
  | { kind: 'signalled'; run: string; name: string; id: string; payload: Json }
  | { kind: 'decided'; approval: string; status: string; by: string }
  | { kind: 'cancelled'; run: string }
  /** A client was told how a run ended. */
  | { kind: 'ended'; run: string; status: string; output: Json }
  /** The victim is about to kill itself. */
  | { kind: 'killing'; boundary: number; label: string }

/**
 * How the outside system behaves. `honest` applies and answers · `late` answers after a while · `lose-first` applies,
 * and breaks the connection instead of answering the first time · `refuse-first` refuses the first time and changes
 * nothing · `lose-then-refuse` does as `lose-first`, and refuses all that comes after.
 */
export type Manner = 'honest' | 'late' | 'lose-first' | 'refuse-first' | 'lose-then-refuse'

/** A line of the oracle's log: what was said, by which life of the victim, and what the oracle made of an effect. */
export type Heard = Said & { life: number; applied?: boolean; result?: Json }

export interface Envelope {
  trial: string
  life: number
  said: Said
}

export type Request = Envelope | { close: string }

export type Answer = { outcome: 'applied' | 'refused' | 'not-applied' | 'closed'; result?: Json }
