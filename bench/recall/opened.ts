import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../packages/reeve/src/base/time/time.ts'
import { defaultEmbedder, type Embedder, hashedNgrams } from '../../packages/reeve/src/memory/embedder.ts'
import { Knowledge } from '../../packages/reeve/src/memory/knowledge.ts'
import { Memory } from '../../packages/reeve/src/memory/memory.ts'
import { migrate } from '../../packages/reeve/src/store/migrations.ts'
import { openDatabase } from '../../packages/reeve/src/store/open.ts'
import { UsageError } from '../runner/contract.ts'
import { modelEmbedder } from './model-embedder.ts'

export interface OpenedMemory {
  memory: Memory
  knowledge: Knowledge
  close(): Promise<void>
}

/** Where a database is: a file, or the address of a Postgres. */
export type Place = { file: string } | { url: string }

/** Memory on a database of its own: without a place a file that is gone when it is closed. */
export async function openMemory(embedder: Embedder, place?: Place): Promise<OpenedMemory> {
  const folder = place ? undefined : await mkdtemp(join(tmpdir(), 'reeve-recall-'))
  const own = place ?? { file: join(folder!, 'reeve.db') }
  const database = openDatabase(
    'file' in own ? { kind: 'sqlite', file: own.file } : { kind: 'postgres', url: own.url },
    systemClock,
  )
  await migrate(database, () => 'bench')
  const memory = new Memory({ database, clock: systemClock, embedder })
  return {
    memory,
    knowledge: new Knowledge(memory),
    async close() {
      await database.close()
      if (folder) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** By what `--embedder` takes. `default`: what a project has that configures none; a folder: the model in it. */
export function embedderNamed(name: string): Embedder {
  if (name === 'default') return defaultEmbedder()
  if (name === 'ngrams') return hashedNgrams
  if (existsSync(name)) return modelEmbedder(name)
  throw new UsageError(
    `--embedder is default, ngrams or a folder with model.onnx and vocab.txt; it is "${name}".`,
  )
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
export type { Embedder }
