import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withPostgres } from '../runner/postgres.ts'
import { type Embedder, type KnowledgeDocument, type OpenedMemory, openMemory, type Place } from './opened.ts'

export interface SizeFigures {
  items: number
  /** Passages a second, with their vectors and indexes. */
  ingestPerSecond: number
  /** From opening the file to the first answer (ms). */
  firstAnswerMs: number
  p50Ms: number
  p95Ms: number
  /** What the process holds beyond what it held before it opened the file (MB). */
  memoryMb: number
  bytesPerItem: number
  /** Of a narrow scope. */
  scopedP95Ms: number
}

const subjects = [
  'card',
  'account',
  'loan',
  'parcel',
  'invoice',
  'refund',
  'password',
  'meeting',
  'contract',
  'flight',
]
const queriesTimed = 200

/**
 * A database of many short passages whose words are as rare as words are (Zipf), in 1,000 scopes: how fast it is filled, how
 * soon a process that opens it answers, and how fast it goes on.
 */
export async function measureSize(
  items: number,
  embedder: Embedder,
  store: 'sqlite' | 'postgres',
): Promise<SizeFigures> {
  if (store === 'postgres')
    return withPostgres((url) =>
      measureOn({ url }, items, embedder, async ({ memory: { database } }) => {
        const row = await database.get<{ bytes: number }>(
          `select cast(sum(pg_total_relation_size(c.oid)) as bigint) as bytes
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`,
        )
        return Number(row!.bytes)
      }),
    )
  const folder = await mkdtemp(join(tmpdir(), 'reeve-recall-size-'))
  const file = join(folder, 'reeve.db')
  try {
    return await measureOn({ file }, items, embedder, async () => (await stat(file)).size)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureOn(
  place: Place,
  items: number,
  embedder: Embedder,
  bytesOf: (opened: OpenedMemory) => Promise<number>,
): Promise<SizeFigures> {
  const filled = await openMemory(embedder, place)
  const begun = performance.now()
  await filled.knowledge.add(documents(items), { place: 'bench' })
  const ingestMs = performance.now() - begun
  await filled.close()
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const opening = performance.now()
  const opened = await openMemory(embedder, place)
  const random = randomFrom(99)
  const query = () => Array.from({ length: 6 }, () => wordOf(random)).join(' ')
  await opened.memory.recall(query())
  const firstAnswerMs = performance.now() - opening
  const time = async (scope?: string) => {
    const times: number[] = []
    for (let count = 0; count < queriesTimed; count++) {
      const text = query()
      const start = performance.now()
      await opened.memory.recall(text, scope === undefined ? {} : { in: scope })
      times.push(performance.now() - start)
    }
    return times.sort((left, right) => left - right)
  }
  const times = await time()
  const scoped = await time('team/7')
  globalThis.gc?.()
  const memoryMb = (process.memoryUsage().rss - before) / 1024 ** 2
  const bytes = await bytesOf(opened)
  await opened.close()
  const at = (sorted: number[], share: number) => sorted[Math.floor(sorted.length * share)]!
  return {
    items,
    ingestPerSecond: (items / ingestMs) * 1000,
    firstAnswerMs,
    p50Ms: at(times, 0.5),
    p95Ms: at(times, 0.95),
    memoryMb,
    bytesPerItem: bytes / items,
    scopedP95Ms: at(scoped, 0.95),
  }
}

function* documents(count: number): Generator<KnowledgeDocument> {
  const random = randomFrom(7)
  for (let no = 0; no < count; no++) {
    const words = Array.from({ length: 30 }, () => wordOf(random))
    yield {
      id: `doc-${no}`,
      scope: `team/${no % 1000}`,
      title: `${subjects[no % subjects.length]} ${no}`,
      text: `${words.join(' ')}.`,
      source: 'bench',
    }
  }
}

/** Of 50,000 words, the first ones common. */
function wordOf(random: () => number): string {
  const rank = Math.floor(50_000 ** random())
  return `${subjects[rank % subjects.length]!.slice(0, 3)}${rank.toString(36).replace(/\d/g, (digit) => 'qwxzjkvpyb'[Number(digit)]!)}`
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
