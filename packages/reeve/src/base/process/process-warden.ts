import { type ChildProcess, spawn } from 'node:child_process'
import { type ProcessMark, patternOf } from './process-mark.ts'
import { systemProgram } from './system-program.ts'

// Reads the process group to watch, then waits. A line `done` lets it go; an end without one means that whoever
// started it is gone, by whatever signal, and that nobody else ends the tree.
const script = `
read -r group
read -r word && [ "$word" = done ] && exit 0
[ -n "$group" ] && kill -9 -- "-$group"
[ -n "$1" ] || exit 0
for round in 1 2 3 4 5 6 7 8 9 10; do
  pids=$(grep -lE "$1" /proc/[0-9]*/limits | cut -d/ -f3)
  [ -n "$pids" ] || exit 0
  kill -9 $pids
done
`

/** A small process that ends a process tree when this process dies, and otherwise does nothing. */
export class ProcessWarden {
  readonly #shell: ChildProcess | undefined
  #watches = false

  /** Starts before the tree does, so that there is no moment without it. */
  constructor(mark: ProcessMark | undefined) {
    const sh = process.platform === 'win32' ? undefined : systemProgram('sh')
    if (!sh) return
    this.#shell = spawn(sh, ['-c', script, 'reeve-warden', mark ? patternOf(mark) : ''], {
      // In a session of its own: what a terminal sends to this process's group does not end it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    })
    this.#shell.on('error', () => {})
    this.#shell.stdin?.on('error', () => {})
    this.#shell.unref()
  }

  watch(group: number): void {
    this.#watches = true
    this.#shell?.stdin?.write(`${group}\n`)
  }

  /** The tree has ended. */
  release(): void {
    this.#shell?.stdin?.end(this.#watches ? 'done\n' : '\ndone\n')
  }
}
