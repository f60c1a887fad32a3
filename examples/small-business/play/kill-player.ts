import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { chanceOf } from '../world/chance.ts'

const main = join(import.meta.dirname, 'main.ts')
/** The variable that tells a player at which moment of its work it dies. */
export const diesAt = 'BUSINESS_PLAYER_DIES_AT'
/** From a player that has only begun to one that was at it for some days. */
const momentsADay = 50

export interface KillOptions {
  kills: number
  seed: number
  days: number
  /** What players say is thrown away. */
  isQuiet?: boolean
  onKill: (no: number) => void
}

/**
 * Plays with a player that dies (SIGKILL) so often, each time at a moment of its work that chance chooses, and is started again with the
 * same options. Its worker ends with it, wherever it is. Moments are counted and not timed: a fast machine kills where a slow one does.
 * Answers the exit code of the player that comes to the end.
 */
export async function killPlayer(
  options: readonly string[],
  { kills, seed, days, isQuiet, onKill }: KillOptions,
): Promise<number> {
  const chance = chanceOf(seed)
  const latest = Math.max(2, Math.floor((days * momentsADay) / kills))
  for (let no = 1; ; no++) {
    // Only the first one begins anew.
    const given = no === 1 ? options : options.filter((each) => each !== '--fresh')
    const moment = 1 + Math.floor(chance('kill player', no) * latest)
    const player = spawn(process.execPath, [...process.execArgv, main, ...given], {
      stdio: isQuiet ? 'ignore' : 'inherit',
      env: { ...process.env, ...(no <= kills && { [diesAt]: String(moment) }) },
    })
    const [code, signal] = (await once(player, 'exit')) as [number | null, string | null]
    if (signal !== 'SIGKILL' || no > kills) return code ?? 1
    onKill(no)
  }
}

/** Called at each moment of a player's work: at that one it is gone, without a last word. */
export function momentsUntil(last: number): () => void {
  let moments = 0
  return () => {
    if (++moments === last) process.kill(process.pid, 'SIGKILL')
  }
}
