import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '../../bin/reeve.js')

/** A watchdog under test, with what it has said so far. */
export interface Watched {
  process: ChildProcess
  said: () => string
  /** Resolves when it has said that; with what matched. */
  says: (words: RegExp, withinMs?: number) => Promise<RegExpMatchArray>
  /** Its exit code. */
  ended: Promise<number | null>
}

/** `after`: only what is said from here on counts for `says`. */
export function startWatchdog(
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Watched {
  const child = spawn(process.execPath, [program, 'watchdog', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  let text = ''
  let seen = 0
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      for (const look of waiting) look()
    })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const says = (words: RegExp, withinMs = 200_000) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const late = setTimeout(() => {
        waiting.delete(look)
        reject(new Error(`not said within ${withinMs} ms: ${words}\n${text}`))
      }, withinMs)
      const look = () => {
        const found = words.exec(text.slice(seen))
        if (!found) return
        seen += found.index + found[0].length
        clearTimeout(late)
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { process: child, said: () => text, says, ended }
}
