import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDataFolder } from '../runner/machine.ts'

/** What one play of the small business came to. */
export interface PlayedBusiness {
  all: number
  good: number
  costUsd: number
}

const run = promisify(execFile)
const main = join(import.meta.dirname, '../../examples/small-business/play/main.ts')

/** Plays `examples/small-business` once, as `npm run business` does. Success: letters read as what they were. */
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
    figures: { lettersAnswered: number; lettersReadRightly: number; modelUsd: number }
  }
  return { all: figures.lettersAnswered, good: figures.lettersReadRightly, costUsd: figures.modelUsd }
}
