import type { MemoryVersion } from '../../api/types.ts'

/** The kinds of what is known, as a filter names them. */
export const kinds: Record<MemoryVersion['kind'], string> = {
  passage: 'passages of documents',
  fact: 'facts',
  preference: 'preferences',
  episode: 'episodes',
  lesson: 'lessons',
}

const endings: Record<NonNullable<MemoryVersion['endedAs']>, string> = {
  amended: 'amended',
  replaced: 'replaced',
  retracted: 'retracted',
  'rolled-back': 'rolled back',
  redacted: 'redacted',
}

/** How a version ended, in a word; undefined: it stands. */
export function endingOf({ endedAs }: Pick<MemoryVersion, 'endedAs'>): string | undefined {
  return endedAs === null ? undefined : endings[endedAs]
}

/** Ids of items hold slashes and marks. */
export function itemPath(id: string): string {
  return `/memory/item?id=${encodeURIComponent(JSON.stringify(id))}`
}
