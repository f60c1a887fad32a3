import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chanceOf } from '../world/chance.ts'

const main = join(import.meta.dirname, 'main.ts')
/** Between two kills (ms of this machine): from a player that only begins to one that is at work for long. */
const soonestMs = 300
const latestMs = 6000

export interface KillOptions {
  kills: number
  seed: number
  /** What players say is thrown away. */
  isQuiet?: boolean
  onKill: (no: number) => void
}

/**
 * Plays with a player that is killed (SIGKILL) so often, each time after a while that chance chooses, and started again with the same
 * options. Its worker ends with it, wherever it is. Answers the exit code of the player that comes to the end.
 */
export async function killPlayer(
  options: readonly string[],
  { kills, seed, isQuiet, onKill }: KillOptions,
): Promise<number> {
  const chance = chanceOf(seed)
  for (let no = 1; ; no++) {
    // Only the first one begins anew.
    const given = no === 1 ? options : options.filter((each) => each !== '--fresh')
    const player = spawn(process.execPath, [...process.execArgv, main, ...given], {
      stdio: isQuiet ? 'ignore' : 'inherit',
    })
    const ended = once(player, 'exit') as Promise<[code: number | null, signal: string | null]>
    if (no <= kills) {
      const afterMs = soonestMs + chance('kill player', no) * (latestMs - soonestMs)
      const timer = new AbortController()
      await Promise.race([ended, sleep(afterMs, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
      if (player.exitCode === null && player.kill('SIGKILL')) onKill(no)
    }
    const [code] = await ended
    if (code !== null) return code
  }
}
