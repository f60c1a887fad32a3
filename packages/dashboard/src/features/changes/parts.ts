import type { Proposal } from '../../api/types.ts'

/** What a proposal names that is told in words: a lesson or a repair. Others are shown as fields. */
export function namedBy({ id, kind, body }: Proposal): { lesson?: string; repair?: string } {
  if (kind === 'lesson' && 'rule' in body) return { lesson: id }
  if (kind === 'repair' && typeof body.repair === 'string') return { repair: body.repair }
  return {}
}
