import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Json } from '../../src/base/json/json.ts'
import type { Answer, Envelope, Heard, Request } from './oracle-protocol.ts'

/**
 * The oracle: the outside world as a process of its own. It applies effects, deduplicating by key as a real receiver
 * does, and keeps on disk (fsync before any answer) everything it was told. It knows nothing of the engine.
 *
 *     node oracle.ts FOLDER      prints its port, and writes FOLDER/TRIAL/oracle.jsonl
 */
const folder = process.argv[2]!
const lateMs = 25

class TrialLog {
  readonly #file: number
  readonly #applied = new Map<string, Json>()
  readonly #seen = new Set<string>()
  readonly #sockets = new Set<Socket>()
  #lines = ''
  #answers: (() => void)[] = []
  #whenQuiet: (() => void) | undefined

  constructor(trial: string) {
    mkdirSync(join(folder, trial), { recursive: true })
    this.#file = openSync(join(folder, trial, 'oracle.jsonl'), 'a')
  }

  /** Remembers who talks, so that closing can wait until everybody's last words are read. */
  join(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#whenQuiet?.()
    })
  }

  hear({ life, said }: Envelope, answer: (answer: Answer) => void, breakOff: () => void): void {
    if (said.kind === 'asked') {
      const result = this.#applied.get(said.key)
      this.#keep({ ...said, life })
      this.#answers.push(() =>
        answer(result === undefined ? { outcome: 'not-applied' } : { outcome: 'applied', result }),
      )
      return
    }
    if (said.kind !== 'effect') {
      this.#keep({ ...said, life })
      return
    }
    const isFirst = !this.#seen.has(said.key)
    this.#seen.add(said.key)
    const isRefused = said.manner === (isFirst ? 'refuse-first' : 'lose-then-refuse')
    if (isRefused) {
      this.#keep({ ...said, life, applied: false })
      this.#answers.push(() => answer({ outcome: 'refused' }))
      return
    }
    const known = this.#applied.get(said.key)
    const result = known ?? { receipt: this.#applied.size + 1, for: said.key }
    this.#applied.set(said.key, result)
    this.#keep({ ...said, life, applied: known === undefined, result })
    if (isFirst && said.manner.startsWith('lose-')) this.#answers.push(breakOff)
    else if (said.manner === 'late')
      this.#answers.push(() => setTimeout(answer, lateMs, { outcome: 'applied', result }))
    else this.#answers.push(() => answer({ outcome: 'applied', result }))
  }

  #keep(heard: Heard): void {
    if (this.#lines === '') setImmediate(() => this.#flush())
    this.#lines += `${JSON.stringify(heard)}\n`
  }

  #flush(): void {
    writeSync(this.#file, this.#lines)
    this.#lines = ''
    fsyncSync(this.#file)
    for (const answer of this.#answers.splice(0)) answer()
  }

  async close(): Promise<void> {
    if (this.#sockets.size > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve))
    if (this.#lines !== '') this.#flush()
    closeSync(this.#file)
  }
}

const trials = new Map<string, TrialLog>()

function trialLog(trial: string): TrialLog {
  const known = trials.get(trial)
  if (known) return known
  const log = new TrialLog(trial)
  trials.set(trial, log)
  return log
}

function serve(socket: Socket, line: string): void {
  const request = JSON.parse(line) as Request
  const answer = (text: Answer) => void (socket.writable && socket.write(`${JSON.stringify(text)}\n`))
  if ('close' in request) {
    void trialLog(request.close)
      .close()
      .then(() => {
        trials.delete(request.close)
        answer({ outcome: 'closed' })
      })
    return
  }
  const log = trialLog(request.trial)
  log.join(socket)
  log.hear(request, answer, () => socket.destroy())
}

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  createInterface({ input: socket })
    .on('line', (line) => serve(socket, line))
    .on('error', () => {})
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) process.stdout.write(`${address.port}\n`)
})
// The harness is gone: nobody will ask any more.
process.stdin.resume().on('end', () => process.exit(0))
