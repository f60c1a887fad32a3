import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  spawn,
} from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'
import { newProcessMark, type ProcessMark, TreeMembers } from './process-mark.ts'
import { ProcessWarden } from './process-warden.ts'

export interface ProgramStart {
  /** An absolute path; or a name, which is looked up in the PATH of `env`. No shell is asked. */
  file: string
  args: readonly string[]
  /** The whole environment of the program. */
  env: Readonly<Record<string, string>>
  cwd: string | undefined
}

/** More than enough for processes that start others faster than they are found. */
const mostRounds = 100

/**
 * The one door to other processes: a program and everything that it starts. On Linux nothing of it gets away, not by a session of its own, nor when this
 * process is killed; elsewhere, or without `prlimit`, the tree is the program's process group.
 */
export class ProcessTree<Leader extends ChildProcess = ChildProcessWithoutNullStreams> {
  readonly leader: Leader
  readonly #members: TreeMembers | undefined
  readonly #warden: ProcessWarden
  #ending: Promise<void> | undefined

  private constructor(leader: Leader, mark: ProcessMark | undefined, warden: ProcessWarden) {
    this.leader = leader
    if (mark && leader.pid !== undefined) this.#members = new TreeMembers(mark, leader.pid)
    this.#warden = warden
    leader.stdin?.on('error', () => {})
    // What the leader leaves behind would keep its pipes open, and go on.
    leader.on('exit', () => void this.end())
  }

  /**
   * Resolves when the program runs; `whenMade` hears of it before, so that no output and no exit is missed.
   * @throws the system's error when it cannot be started
   */
  static start(program: ProgramStart, whenMade: (tree: ProcessTree) => void): Promise<ProcessTree> {
    return ProcessTree.#start<ChildProcessWithoutNullStreams>(program, { stdio: 'pipe' }, whenMade)
  }

  /** The same for a program of Node's that is told and answers values (`process.on('message')`) and has no streams. */
  static startForMessages(
    program: ProgramStart,
    whenMade: (tree: ProcessTree<ChildProcess>) => void,
  ): Promise<ProcessTree<ChildProcess>> {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const
    return ProcessTree.#start<ChildProcess>(
      program,
      { stdio: [...stdio], serialization: 'advanced' },
      whenMade,
    )
  }

  static async #start<Leader extends ChildProcess>(
    program: ProgramStart,
    channels: Pick<SpawnOptions, 'stdio' | 'serialization'>,
    whenMade: (tree: ProcessTree<Leader>) => void,
  ): Promise<ProcessTree<Leader>> {
    const mark = newProcessMark()
    const { file, args, env, cwd } = program
    // The mark's own command would report a missing program in words of its own.
    if (mark) await findProgram(program)
    const [command, ...rest] = mark ? [...mark.command, file, ...args] : [file, ...args]
    const warden = new ProcessWarden(mark)
    const { promise, resolve: started, reject } = Promise.withResolvers<void>()
    try {
      const leader = spawn(command!, rest, {
        cwd,
        env: { ...env },
        ...channels,
        detached: process.platform !== 'win32',
        windowsHide: true,
      }) as Leader
      leader.once('spawn', started)
      leader.once('error', reject)
      if (leader.pid !== undefined) warden.watch(leader.pid)
      const tree = new ProcessTree<Leader>(leader, mark, warden)
      whenMade(tree)
      await promise
      return tree
    } catch (error) {
      warden.release()
      throw error
    }
  }

  /** Sends a signal to the program's process group: a wish, which it may ignore. */
  signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.leader
    // Once the leader was collected its number may be another group's.
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    kill(process.platform === 'win32' ? pid : -pid, signal)
  }

  /** Kills all that is left of the tree. Resolves when nothing is. */
  end(): Promise<void> {
    this.#ending ??= this.#endAll()
    return this.#ending
  }

  async #endAll(): Promise<void> {
    const { pid } = this.leader
    // Looked for while the leader's children are still known as such; what cannot be looked for is killed all the same.
    let members = await this.#find()
    if (pid !== undefined) kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
    for (let round = 0; members.length > 0 && round < mostRounds; round++) {
      for (const member of members) kill(member, 'SIGKILL')
      members = await this.#find()
    }
    this.#warden.release()
  }

  async #find(): Promise<number[]> {
    return (await this.#members?.find().catch(() => [])) ?? []
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

/** @throws the error that starting it would give */
async function findProgram({ file, env, cwd = '.' }: ProgramStart): Promise<void> {
  const folders = file.includes('/') ? [''] : (env.PATH ?? '/usr/bin:/bin').split(delimiter)
  let code = 'ENOENT'
  for (const folder of folders) {
    const path = resolve(cwd, folder, file)
    try {
      await access(path, constants.X_OK)
      if ((await stat(path)).isFile()) return
      code = 'EACCES'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') code = 'EACCES'
    }
  }
  throw Object.assign(new Error(`spawn ${file} ${code}`), { code })
}
