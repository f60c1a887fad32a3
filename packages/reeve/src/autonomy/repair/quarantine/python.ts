import { BoundedChild } from '../../../base/process/bounded-child.ts'
import { systemProgram } from '../../../base/process/system-program.ts'
import { scriptPath } from '../../scripts/script-command.ts'

let found: Promise<string | undefined> | undefined

/** The program that `python3` comes down to: what stands for it in a PATH may be a script that looks for it anew each time. */
export function pythonProgram(): Promise<string | undefined> {
  found ??= findPython()
  return found
}

async function findPython(): Promise<string | undefined> {
  try {
    const child = await BoundedChild.start({
      file: systemProgram('env') ?? '/usr/bin/env',
      args: ['python3', '-I', '-c', 'import sys; print(sys.executable)'],
      env: { PATH: scriptPath(), LANG: 'C.UTF-8' },
      cwd: '/',
      timeoutMs: 30_000,
      countsWaiting: false,
      maxOutputBytes: 4096,
    })
    const { exitCode, stdout } = await child.ended
    const path = stdout.toString('utf8').trim()
    return exitCode === 0 && path.startsWith('/') ? path : undefined
  } catch {
    return undefined
  }
}
