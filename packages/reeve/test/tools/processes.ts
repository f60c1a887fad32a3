import { existsSync, readFileSync } from 'node:fs'

/** A process closes its pipes a little before it is gone; one that nobody has collected yet is not running. */
export async function hasEnded(pid: number): Promise<boolean> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    try {
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true
    } catch {
      return true
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}

/** The id that a process wrote of itself, as soon as it stands there. */
export async function pidIn(file: string): Promise<number> {
  while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') {
    await new Promise((resolve) => setImmediate(resolve))
  }
  return Number(readFileSync(file, 'utf8'))
}
