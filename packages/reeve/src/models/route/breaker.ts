import type { Clock } from '../../base/time/time.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface BreakerOptions {
  clock: Clock
  /** Failures in a row that open it. Default 5. */
  failures?: number
  /** How long it stays open before one probe is let through. Default 30,000. */
  coolDownMs?: number
  /** Hears that a solver's circuit opened, or opened again, or (undefined) that an open one closed. Must not throw. */
  onChange?: (solver: string, circuit: OpenCircuit | undefined) => void
}

export interface OpenCircuit {
  /** Failures in a row. */
  failures: number
  openedAtMs: number
  /** When one question may pass. */
  probeAtMs: number
}

interface Circuit {
  failuresInRow: number
  openedAtMs: number | undefined
  probing: boolean
}

/**
 * Keeps a route from waiting for a solver that is down. One circuit per solver name:
 *
 * closed: every question passes; `failures` failures in a row open it, any success starts the count again.
 * open: nothing passes until `coolDownMs` have gone by.
 * half-open: one question passes as a probe and the others do not; its success closes the circuit, its failure
 * opens it for another cool-down, and a withdrawn probe leaves the place to the next.
 */
export class CircuitBreakers {
  readonly #clock: Clock
  readonly #failures: number
  readonly #coolDownMs: number
  readonly #onChange: BreakerOptions['onChange']
  /** Only solvers with a failure on record. */
  readonly #circuits = new Map<string, Circuit>()

  constructor(options: BreakerOptions) {
    this.#clock = options.clock
    this.#failures = options.failures ?? 5
    this.#coolDownMs = options.coolDownMs ?? 30_000
    this.#onChange = options.onChange
  }

  /** Whether a question may be put to this solver now. After `true`, exactly one of the three reports must follow. */
  enter(solver: string): boolean {
    const circuit = this.#circuits.get(solver)
    if (circuit?.openedAtMs === undefined) return true
    if (circuit.probing || this.probeInMs(solver) > 0) return false
    circuit.probing = true
    return true
  }

  succeeded(solver: string): void {
    const wasOpen = this.#circuits.get(solver)?.openedAtMs !== undefined
    this.#circuits.delete(solver)
    if (wasOpen) this.#onChange?.(solver, undefined)
  }

  failed(solver: string): void {
    const circuit = this.#circuits.get(solver) ?? { failuresInRow: 0, openedAtMs: undefined, probing: false }
    circuit.failuresInRow++
    circuit.probing = false
    this.#circuits.set(solver, circuit)
    if (circuit.failuresInRow < this.#failures) return
    const openedAtMs = this.#clock.now()
    circuit.openedAtMs = openedAtMs
    const probeAtMs = openedAtMs + this.#coolDownMs
    this.#onChange?.(solver, { failures: circuit.failuresInRow, openedAtMs, probeAtMs })
  }

  /** The question was taken back before its outcome was known. */
  withdrawn(solver: string): void {
    const circuit = this.#circuits.get(solver)
    if (circuit) circuit.probing = false
  }

  state(solver: string): BreakerState {
    const circuit = this.#circuits.get(solver)
    if (circuit?.openedAtMs === undefined) return 'closed'
    return this.probeInMs(solver) > 0 ? 'open' : 'half-open'
  }

  /** Milliseconds until the next probe may pass; 0 when questions pass already. */
  probeInMs(solver: string): number {
    const openedAtMs = this.#circuits.get(solver)?.openedAtMs
    if (openedAtMs === undefined) return 0
    return Math.max(0, openedAtMs + this.#coolDownMs - this.#clock.now())
  }
}
