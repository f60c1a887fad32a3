import type { RunRecords } from '../../engine/run-records.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { type Exposure, exposedToAll, exposedToNothing, isOwnWords } from './exposure.ts'
import { type FindTool, RunReadings, wordsIn } from './run-readings.ts'

/** From whom a run has its input and its rights. */
export interface Lineage {
  /** The workflows of the runs above it, the first one first. Undefined: one of them is gone, and nobody knows what it might. */
  workflows: readonly string[] | undefined
  /** What the run that started it had read by then. */
  exposure: Exposure
  /** The operator's own words that began it all. */
  words: readonly string[]
}

const deepest = 32

/** Reads the runs above one, up to the call by which each started the next. */
export async function lineageOf(
  records: RunRecords,
  run: number,
  findTool: FindTool,
  depth = 0,
): Promise<Lineage> {
  const row = await records.parentOf(run)
  if (row && row.parent === null) return { workflows: [], exposure: exposedToNothing, words: [] }
  const above = row?.parent == null || depth >= deepest ? undefined : await records.parentOf(row.parent)
  if (!row || !above || row.parent === null)
    return { workflows: undefined, exposure: exposedToAll, words: [] }
  const { workflows, exposure, words } = await lineageOf(records, row.parent, findTool, depth + 1)
  const events = await records.eventsAfter(row.parent, 0)
  const started = events.find(({ type, step }) => type === 'child-started' && step === row.step)
  const first = events[0]
  // What is not kept any more may have read anything.
  if (!started || !first)
    return { workflows: workflows && [...workflows, above.workflow], exposure: exposedToAll, words }
  const readings = new RunReadings(findTool, first.seq - 1, exposure)
  readings.add(events.filter(({ seq }) => seq < started.seq))
  return {
    workflows: workflows && [...workflows, above.workflow],
    exposure: readings.exposure,
    words: [...words, ...readings.words],
  }
}

/** The operator's words in the first event of a run, for its later chapters. */
export async function firstWords(records: RunRecords, run: number): Promise<string[]> {
  const first = await records.firstEvent(run)
  const started = first && payloadIfSound(first, 'run-started')
  return started && isOwnWords(started.channel) ? wordsIn(started.input ?? started.given) : []
}
