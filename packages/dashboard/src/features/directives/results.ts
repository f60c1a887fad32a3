import type { Decision } from '../../api/types.ts'
import type { Tone } from '../../ui/Rows.tsx'

/** What became of a decision, or of a run of a directive, in words. */
export const results: Record<Decision['result'], { words: string; tone: Tone }> = {
  success: { words: 'it worked', tone: 'good' },
  unmet: { words: 'criteria not met', tone: 'bad' },
  failed: { words: 'failed', tone: 'bad' },
  cancelled: { words: 'cancelled', tone: 'plain' },
  refused: { words: 'refused', tone: 'warn' },
  taken: { words: 'done by another', tone: 'plain' },
  pending: { words: 'under way', tone: 'plain' },
  idle: { words: 'nothing to do', tone: 'plain' },
  skipped: { words: 'skipped', tone: 'plain' },
}
