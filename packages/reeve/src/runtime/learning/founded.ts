import type { FoundLesson } from '../../autonomy/lessons/lesson.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { saidInRun } from '../../store/journal/said.ts'
import { readRun, readRunByNo } from '../../store/runs/runs.ts'

const mostLooked = 10
const deepest = 4

/**
 * Whether a lesson rests on what happened and on what people said. What it quotes of a run must not stand in what that run, or one above
 * it, had recalled: what is known, and what was learnt, is no evidence for something new. What a person put in its place is the person's.
 */
export async function isFounded(session: Session, lesson: FoundLesson): Promise<boolean> {
  const words = quotedOfRuns(lesson)
  if (words.length === 0) return true
  for (const id of lesson.evidence.runs.slice(0, mostLooked)) {
    const recalled = await recalledBy(session, id)
    if (words.some((each) => recalled.some((text) => text.includes(each)))) return false
  }
  return true
}

/** What of it no person wrote. */
function quotedOfRuns({ rule, matter, condition }: FoundLesson): string[] {
  const quotes = [
    rule === 'people-drop' || rule === 'people-change' ? matter?.from : undefined,
    condition?.is.startsWith('"') ? condition.is.slice(1, -1) : undefined,
  ]
  // A label of one word stands anywhere by chance, and says nothing.
  return quotes
    .filter((each): each is string => typeof each === 'string' && each.trim().includes(' '))
    .map(plain)
}

async function recalledBy(session: Session, id: string): Promise<string[]> {
  const texts: string[] = []
  let run = await readRun(session, id)
  for (let depth = 0; run && depth < deepest; depth++) {
    for (const row of await saidInRun(session, run.no, 'recall-completed'))
      for (const { text } of payloadIfSound(row, 'recall-completed')?.passages ?? []) texts.push(plain(text))
    run = run.parent === null ? undefined : await readRunByNo(session, run.parent)
  }
  return texts
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}
