import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedTableName } from '../packages/reeve/src/models/local/text/static-table.ts'
import { measureFewShot } from './recall/few-shot.ts'
import { embedderNamed, type KnowledgeDocument } from './recall/opened.ts'
import { measurePoisoning } from './recall/poisoning.ts'
import {
  leastDifference,
  mean,
  measureQuality,
  type Quality,
  type Query,
  sentencesOf,
  titlesOf,
  ways,
} from './recall/quality.ts'
import { measureSessions } from './recall/sessions.ts'
import { measureSize } from './recall/size.ts'
import {
  type BenchOptions,
  type BenchResult,
  type Goal,
  goalOf,
  UsageError,
  wholeNumber,
} from './runner/contract.ts'
import { figure, table } from './runner/table.ts'

/**
 * Memory on real data: a bank's 698 support articles asked by their titles (which are taken away) and by sentences held out
 * of them, and by questions that people asked in words of their own, questions over histories of chat sessions, poisoning, and a database of many items. `--documents FILE.jsonl
 * --queries FILE.jsonl` asks others, `--sessions FOLDER` other histories, `--items N` makes it larger, `--only NAME` does one, `--store postgres` measures the size there,
 * `--embedder ngrams` embeds by spelling alone, `--embedder FOLDER` by the sentence model in it.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const data =
    typeof options.data === 'string' ? options.data : join(import.meta.dirname, '../../shared/data')
  const given = { queries: options.documents, sessions: options.sessions, size: options.items }
  const asked = Object.entries(given).flatMap(([part, value]) => (value === undefined ? [] : [part]))
  const only =
    typeof options.only === 'string' ? options.only.split(',') : asked.length > 0 ? asked : undefined
  const isAsked = (name: string) => only === undefined || only.includes(name)
  const named = typeof options.embedder === 'string' ? options.embedder : 'default'
  const embedder = embedderNamed(named)
  const isModel = named !== 'default' && named !== 'ngrams'
  const goals: Record<string, Goal> = {}
  const raw: Record<string, unknown> = {}
  const rows: string[][] = []
  const note = (name: string, quality: Quality) => {
    raw[name] = Object.fromEntries(
      ways.map((by) => [by, { recall: mean(quality[by].recall), ndcg: mean(quality[by].ndcg) }]),
    )
    for (const by of ways)
      rows.push([name, by, figure(mean(quality[by].recall)), figure(mean(quality[by].ndcg))])
  }
  const measure = async (
    name: string,
    { documents, queries }: { documents: KnowledgeDocument[]; queries: Query[] },
    wanted: { recall: number; ndcg: number },
  ) => {
    const { words, vectors, both } = await measureQuality(documents, queries, embedder)
    note(name, { words, vectors, both })
    goals[`${name}Recall`] = goalOf(mean(both.recall), wanted.recall, 'share')
    goals[`${name}Ndcg`] = goalOf(mean(both.ndcg), wanted.ndcg, 'share')
    goals[`${name}BothOverVectors`] = goalOf(leastDifference(both.ndcg, vectors.ndcg), 0, 'share')
    goals[`${name}BothOverWords`] = goalOf(leastDifference(both.ndcg, words.ndcg), 0, 'share')
  }
  if (typeof options.documents === 'string' && typeof options.queries === 'string') {
    const quality = await measureQuality(
      readDocuments(options.documents),
      readQueries(options.queries),
      embedder,
    )
    note('queries', quality)
    goals.queriesRecall = goalOf(mean(quality.both.recall), 0.5, 'share')
  } else if (['titles', 'sentences', 'reworded'].some(isAsked)) {
    const articles = readDocuments(join(data, 'bank-knowledge/documents.jsonl'))
    if (isAsked('titles')) await measure('titles', titlesOf(articles), { recall: 0.72, ndcg: 0.53 })
    if (isAsked('sentences')) await measure('sentences', sentencesOf(articles), { recall: 0.52, ndcg: 0.32 })
    if (isAsked('reworded')) {
      const queries = readQueries(join(import.meta.dirname, 'recall/reworded.jsonl'))
      const quality = await measureQuality(articles, queries, embedder)
      note('reworded', quality)
      goals.rewordedBothOverWords = goalOf(leastDifference(quality.both.ndcg, quality.words.ndcg), 0, 'share')
      if (isModel) goals.rewordedRecall = goalOf(mean(quality.both.recall), 0.84, 'share')
    }
  }
  if (isAsked('sessions')) {
    const folder = typeof options.sessions === 'string' ? options.sessions : join(data, 'memory-recall')
    const sessions = await measureSessions(requireFile(folder), embedder)
    raw.sessions = sessions
    goals.sessionsRecall = goalOf(sessions.foundProper / sessions.casesProper, 0.75, 'share')
    rows.push(['sessions', 'both', `${sessions.foundProper} of ${sessions.casesProper}`, ''])
  }
  if (isAsked('few-shot') && installedTableName() !== undefined) {
    const figures = await measureFewShot(requireFile(join(data, 'banking77')))
    raw.fewShot = figures
    for (const { perLabel, spellings, meanings } of figures)
      rows.push([`${perLabel || 'all'} examples a label`, 'accuracy', figure(spellings), figure(meanings)])
    const [five] = figures
    goals.fewShotAccuracy = goalOf(five!.meanings, 0.7, 'share')
    goals.fewShotGain = goalOf(five!.meanings - five!.spellings, 0.05, 'share')
  }
  if (isAsked('poisoning')) {
    const poisoning = await measurePoisoning(200, embedder)
    raw.poisoning = poisoning
    goals.poisonedAnswers = goalOf(poisoning.changed, 0, 'answers', 'lower')
    goals.poisonLeft = goalOf(poisoning.left, 0, 'items', 'lower')
  }
  if (isAsked('size')) {
    const store = options.store ?? 'sqlite'
    if (store !== 'sqlite' && store !== 'postgres')
      throw new UsageError(`--store is sqlite or postgres; it is "${store}".`)
    const items = wholeNumber(options, 'items', options.quick ? 50_000 : 1_000_000)
    const size = await measureSize(items, embedder, store)
    raw.size = size
    goals.ingestPerSecond = goalOf(size.ingestPerSecond, 2000, 'passages/s')
    goals.firstAnswerMs = goalOf(size.firstAnswerMs, 1000, 'ms', 'lower')
    goals.p95Ms = goalOf(size.p95Ms, 60, 'ms', 'lower')
    goals.scopedP95Ms = goalOf(size.scopedP95Ms, 60, 'ms', 'lower')
    goals.memoryMb = goalOf(size.memoryMb, 150, 'MB', 'lower')
  }
  return { goals, raw, summary: table(['asked by', 'found by', 'recall@10', 'nDCG@10'], rows) }
}

function requireFile(file: string): string {
  if (!existsSync(file))
    throw new UsageError(`There is no ${file}. Give the folder that holds it with --data.`)
  return file
}

function linesOf<T>(file: string): T[] {
  return readFileSync(requireFile(file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T)
}

function readDocuments(file: string): KnowledgeDocument[] {
  return linesOf<{ id: string; title?: string; content: string }>(file).map(({ id, title, content }) => ({
    id,
    scope: '',
    text: content,
    source: id,
    ...(title && { title }),
  }))
}

function readQueries(file: string): Query[] {
  return linesOf<Query>(file)
}
