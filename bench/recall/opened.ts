import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../packages/reeve/src/base/time/time.ts'
import { hashedNgrams } from '../../packages/reeve/src/memory/embedder.ts'
import { Knowledge } from '../../packages/reeve/src/memory/knowledge.ts'
import { Memory } from '../../packages/reeve/src/memory/memory.ts'
import { migrate } from '../../packages/reeve/src/store/migrations.ts'
import { openSqlite } from '../../packages/reeve/src/store/sqlite/sqlite.ts'

export interface OpenedMemory {
  memory: Memory
  knowledge: Knowledge
  file: string
  close(): Promise<void>
}

/** Memory on a database file of its own, which is gone when it is closed. */
export async function openMemory(file?: string): Promise<OpenedMemory> {
  const folder = file ? undefined : await mkdtemp(join(tmpdir(), 'reeve-recall-'))
  const own = file ?? join(folder!, 'reeve.db')
  const database = openSqlite({ file: own, clock: systemClock })
  await migrate(database, () => 'bench')
  const memory = new Memory({ database, clock: systemClock, embedder: hashedNgrams })
  return {
    memory,
    knowledge: new Knowledge(memory),
    file: own,
    async close() {
      await database.close()
      if (folder) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The documents that a query finds, best first: each once, by its best passage. */
export async function documentsFound(
  { memory }: OpenedMemory,
  query: string,
  options: { by?: 'words' | 'vectors' | 'both'; in?: string; most: number },
): Promise<string[]> {
  const { most, ...search } = options
  const { passages } = await memory.recall(query, { ...search, limit: 50 })
  const ids = new Set(passages.map(({ id }) => id.slice(0, id.lastIndexOf('#'))))
  return [...ids].slice(0, most)
}

export type { KnowledgeDocument } from '../../packages/reeve/src/memory/ingest/passages.ts'
