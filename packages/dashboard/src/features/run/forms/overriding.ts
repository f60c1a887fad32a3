import type { Bar } from '../timeline.ts'

export type How = 'result' | 'error' | 'skip-wait'

export const words: Record<How, string> = {
  result: 'It gives this result.',
  error: 'It fails with this error.',
  'skip-wait': 'Its wait is over: its time has come now.',
}

/** What may be said of a call, by what it waits for; a step that acts for the first time has told nothing yet. */
export const waysOf: Record<string, How[]> = {
  step: ['result', 'error', 'skip-wait'],
  signal: ['result', 'skip-wait', 'error'],
  timer: ['skip-wait', 'error'],
  question: ['skip-wait', 'error'],
  budget: ['skip-wait', 'error'],
  effect: ['skip-wait', 'error'],
  child: ['error'],
}

export const acting: How[] = ['result', 'error']

/** Whether a person may say what this call comes to. */
export function mayOverride({ kind, to }: Bar): boolean {
  return to === undefined && kind in waysOf
}
