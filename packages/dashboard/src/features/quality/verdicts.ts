import type { EvalSummary } from '../../api/types.ts'
import type { Tone } from '../../ui/Rows.tsx'

export const verdicts: Record<EvalSummary['verdict'], { words: string; tone: Tone }> = {
  passed: { words: 'passed', tone: 'good' },
  regressed: { words: 'got worse', tone: 'bad' },
  missed: { words: 'fell short', tone: 'bad' },
}
