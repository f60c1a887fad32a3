import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDataFolder } from '../runner/machine.ts'

/** What one play of the small business came to. */
export interface PlayedBusiness {
  all: number
  good: number
  costUsd: number
  /** What a play of the business says of itself. */
  figures?: object
}

const run = promisify(execFile)
const main = join(import.meta.dirname, '../../examples/small-business/play/main.ts')

/**
 * Plays `examples/small-business` once, as `npm run business` does. All: letters, articles and decisions. Good: those that were right as
 * they were: read as what they are, published without a word added, executed with success. Cost: of all models, by the world's own account.
 */
export async function playBusiness({
  seed,
  days,
  isLearning,
}: {
  seed: number
  days: number
  isLearning: boolean
}): Promise<PlayedBusiness> {
  const folder = join(createDataFolder(), 'business')
  const args = [
    '--days',
    String(days),
    '--seed',
    String(seed),
    '--port',
    '0',
    '--folder',
    folder,
    '--fresh',
    '--json',
  ]
  const options = ['--conditions=reeve-source', main, ...args, '--learning', isLearning ? 'on' : 'off']
  // It ends with 1 where a goal of its own is missed: what it came to is told all the same.
  const { stdout } = await run(process.execPath, options, { maxBuffer: 2 ** 26 }).catch(
    (error: { stdout: string }) => error,
  )
  const last = stdout.trim().split('\n').at(-1)!
  const { figures } = JSON.parse(last) as {
    figures: {
      work: { together: { all: number; right: number } }
      modelUsdByTheWorld: number
      journalHash: string
    }
  }
  const { all, right } = figures.work.together
  return { all, good: right, costUsd: figures.modelUsdByTheWorld, figures }
}
