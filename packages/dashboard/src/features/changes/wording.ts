import type { Proposal } from '../../api/types.ts'
import type { Tone } from '../../ui/Rows.tsx'

export const kindWords: Record<Proposal['kind'], string> = {
  repair: 'repair',
  lesson: 'lesson',
  amendment: 'change of what is known',
  training: 'trained solver',
  contradiction: 'contradiction',
  contract: 'change of a connector',
  reconnect: 'lost connection',
}

/** What it asks, as the heading of a page. */
export const questions: Record<Proposal['kind'], string> = {
  repair: 'Shall this repair be made?',
  lesson: 'Shall this lesson hold?',
  amendment: 'Shall this item of memory be changed?',
  training: 'Shall this solver answer from now on?',
  contradiction: 'Which of these holds?',
  contract: 'Shall this connector work by its new contract?',
  reconnect: 'Is this account connected again?',
}

export const statuses: Record<Proposal['status'], { words: string; tone: Tone }> = {
  open: { words: 'waits for you', tone: 'warn' },
  adopted: { words: 'adopted', tone: 'good' },
  rejected: { words: 'rejected', tone: 'plain' },
  withdrawn: { words: 'taken back', tone: 'plain' },
  superseded: { words: 'another took its place', tone: 'plain' },
}

/** What the button says that adopts it. */
export function adoptWords({ kind, status }: Pick<Proposal, 'kind' | 'status'>): string {
  if (status === 'adopted') return 'Try again'
  return kind === 'reconnect' ? 'Yes, look at it' : 'Adopt'
}
