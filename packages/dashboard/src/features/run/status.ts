import type { RunItem, RunStatus } from '../../api/types.ts'
import type { Tone } from '../../ui/Rows.tsx'

export const statusWords: Record<RunStatus, string> = {
  running: 'running',
  queued: 'queued',
  waiting: 'waiting',
  stuck: 'stuck',
  failed: 'failed',
  cancelled: 'cancelled',
  succeeded: 'succeeded',
}

/** Green: allowed or done; amber: it needs somebody; red: wrong; plain: it goes on by itself, or is over. */
export function toneOf({ status, paused }: Pick<RunItem, 'status' | 'paused'>): Tone {
  if (paused || status === 'waiting') return 'warn'
  if (status === 'failed' || status === 'stuck') return 'bad'
  return status === 'succeeded' || status === 'running' ? 'good' : 'plain'
}
