import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { childEnvironment } from './oracle-process.ts'
import { exitCodes, type Life } from './victim.ts'

export interface LifeEnd {
  killed: boolean
  /** Boundaries that it saw; 0 unless it came to its end. */
  boundaries: number
  /** Why it ended otherwise than by a kill or by having nothing left to do. */
  problem: string | undefined
}

/** A victim's process. */
export interface LifeProcess {
  /** Resolves when it is about to open its store, or has ended. */
  ready: Promise<void>
  /** Resolves with its worker's id once it drives runs; undefined when it ended before. */
  working: Promise<string | undefined>
  ended: Promise<LifeEnd>
  /** Tells the clients of a patient life to begin. */
  begin(): void
  kill(): void
}

/** `cache`: a folder for compiled code. */
export function startLife(life: Life, cache: string): LifeProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'victim.ts'), JSON.stringify(life)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment(cache),
  })
  const ready = Promise.withResolvers<void>()
  const working = Promise.withResolvers<string | undefined>()
  let boundaries = 0
  let complained = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word, value] = line.split(' ')
    if (word === 'ready') ready.resolve()
    else if (word === 'working') working.resolve(value)
    else if (word === 'done') boundaries = Number(value)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text
  })
  const hung = setTimeout(() => child.kill('SIGABRT'), life.boundMs * 2)
  const ended = new Promise<LifeEnd>((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(hung)
      ready.resolve()
      working.resolve(undefined)
      const killed = signal === 'SIGKILL'
      const isSound = killed || code === exitCodes.done
      const how = signal ? `by ${signal}` : `with code ${code}`
      const problem = isSound ? undefined : `life ${life.life} ended ${how}: ${complained.trim()}`
      resolve({ killed, boundaries, problem })
    })
  })
  // It may be gone.
  child.stdin.on('error', () => {})
  return {
    ready: ready.promise,
    working: working.promise,
    ended,
    begin: () => child.stdin.end('begin'),
    kill: () => child.kill('SIGKILL'),
  }
}
