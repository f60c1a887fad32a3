import { BoundedChild } from '../../base/process/bounded-child.ts'
import { systemProgram } from '../../base/process/system-program.ts'

/** What keeps a program away from the network, as the words before its command; or why nothing here can. */
export type NetworkWall = { command: readonly string[] } | { why: string }

/** With these a process of root's could go back to the network of the machine. */
const wayBack = ['sys_admin', 'sys_ptrace', 'sys_module', 'sys_rawio', 'net_admin', 'net_raw']
  .map((name) => `-${name}`)
  .join(',')

let found: Promise<NetworkWall> | undefined

/** What this machine has. Asked once a process. */
export function networkWall(): Promise<NetworkWall> {
  found ??= findWall()
  return found
}

async function findWall(): Promise<NetworkWall> {
  const unshare = systemProgram('unshare')
  const setpriv = systemProgram('setpriv')
  if (process.platform !== 'linux' || !unshare || !setpriv)
    return { why: 'it needs Linux with unshare and setpriv (util-linux)' }
  const drop = [setpriv, '--bounding-set', wayBack, '--inh-caps', wayBack]
  const candidates =
    process.getuid?.() === 0
      ? [
          [unshare, '--net', ...drop],
          [unshare, '--map-root-user', '--net'],
        ]
      : [[unshare, '--map-root-user', '--net']]
  for (const command of candidates) if (await works(command)) return { command }
  return { why: 'this system lets no process of this user have a network of its own' }
}

async function works(command: readonly string[]): Promise<boolean> {
  try {
    const probe = await BoundedChild.start({
      file: command[0]!,
      args: [...command.slice(1), '/bin/sh', '-c', 'exit 0'],
      env: {},
      cwd: '/',
      timeoutMs: 5000,
      countsWaiting: false,
      maxOutputBytes: 4096,
    })
    return (await probe.ended).exitCode === 0
  } catch {
    return false
  }
}
