/** What is too large, and where in a run. */
export const places = [
  'input',
  'step',
  'output',
  'effect-args',
  'effect-result',
  'signal',
  'child-input',
  'log',
  'error',
  'steps',
] as const
export type Place = (typeof places)[number]

/**
 * How it is too large: `long` one text, `list` many small items, `deep` nested, `shared` small in memory and without
 * end as JSON, `heavy` more than the process has memory for as JSON.
 */
export const sizes = ['long', 'list', 'deep', 'shared', 'heavy'] as const
export type Size = (typeof sizes)[number]

export interface OversizeLife {
  file: string
  place: Place
  size: Size
  /** How many good runs go beside it, each with a large but allowed result. */
  good: number
}

export interface OversizeReport {
  /** How it ended: the run, or the client's own request. */
  outcome: string
  why: string
  good: number
}
