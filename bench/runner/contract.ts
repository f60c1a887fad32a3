/** What the runner prints as the last line with `--json`, and what a bench hands it. */

export interface Goal {
  value: number
  goal: number
  ok: boolean
  unit: string
  better: 'higher' | 'lower'
}

/** `--name value` and `--name` from the command line, without the dashes. */
export type BenchOptions = Record<string, string | true>

export interface BenchResult {
  goals: Record<string, Goal>
  /** Every figure measured, as JSON. */
  raw: unknown
  /** For people, printed without `--json`. */
  summary?: string
}

/** A mistake on the command line: its message is shown without a stack, and the exit code is 2. */
export class UsageError extends Error {}

/** A file `bench/NAME.ts` exports this as `run`. Progress goes to stderr. */
export type Bench = (options: BenchOptions) => Promise<BenchResult>

/** A goal that could not be measured has the value 0 and is not met. */
export function goalOf(
  value: number | undefined,
  goal: number,
  unit: string,
  better: Goal['better'] = 'higher',
): Goal {
  if (value === undefined || !Number.isFinite(value)) return { value: 0, goal, ok: false, unit, better }
  return { value, goal, ok: better === 'higher' ? value >= goal : value <= goal, unit, better }
}

/** An option such as `--runs 100`. @throws UsageError */
export function wholeNumber(options: BenchOptions, name: string, standard: number): number {
  const value = Number(options[name] ?? standard)
  if (Number.isInteger(value) && value > 0) return value
  throw new UsageError(`--${name} takes a whole number above 0; it is "${options[name]}".`)
}
