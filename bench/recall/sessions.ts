import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { documentsFound, type Embedder, openMemory } from './opened.ts'

interface Case {
  id: string
  question: string
  question_type: string
  answerable: boolean
  sessions: { id: string; date: string }[]
  evidence_ids: string[]
}

interface Session {
  id: string
  turns: { role: string; content: string }[]
}

export interface SessionFigures {
  cases: number
  /** Cases of which every evidence session is among the first five. */
  found: number
  /** The same without those written for a retrieval study. */
  casesProper: number
  foundProper: number
  missed: string[]
}

/** Questions over histories of chat sessions: a history is a scope, a session a document. */
export async function measureSessions(folder: string, embedder: Embedder): Promise<SessionFigures> {
  const read = <T>(name: string): T[] =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as T)
  const cases = read<Case>('cases.jsonl').filter(({ answerable }) => answerable)
  const sessions = new Map(read<Session>('sessions.jsonl').map((session) => [session.id, session]))
  const figures: SessionFigures = { cases: 0, found: 0, casesProper: 0, foundProper: 0, missed: [] }
  for (const one of cases) {
    const opened = await openMemory(embedder)
    await opened.knowledge.add(
      one.sessions.map(({ id, date }) => ({
        id,
        scope: 'history',
        title: date,
        text: sessions
          .get(id)!
          .turns.map(({ role, content }) => `${role}: ${content}`)
          .join('\n\n'),
        source: id,
      })),
      { place: 'bench' },
    )
    const found = new Set(await documentsFound(opened, one.question, { most: 5 }))
    await opened.close()
    const isFound = one.evidence_ids.every((id) => found.has(id))
    const isProper = one.question_type !== 'derived'
    figures.cases++
    if (isProper) figures.casesProper++
    if (isFound) figures.found++
    else figures.missed.push(one.id)
    if (isFound && isProper) figures.foundProper++
  }
  return figures
}
