import { systemProgram } from '../../../base/process/system-program.ts'

/** How programs are kept to themselves here; or why nothing here can do that. */
export type Walls = { command: readonly string[]; overlay: string } | { why: string }

const namespaces = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child']
/** Everything that a user of root's could leave the walls with. */
const withoutRights = ['--no-new-privs', '--bounding-set', '-all', '--inh-caps', '-all']

/** The words before the wall script. Whether they stand is seen by whoever runs something behind them (`wallsStand`). */
export function findWalls(): Walls {
  const unshare = systemProgram('unshare')
  if (process.platform !== 'linux' || !unshare || !systemProgram('setpriv') || !systemProgram('mount'))
    return {
      why: 'nothing here can try a fix safely: it needs Linux with unshare, mount and setpriv (util-linux)',
    }
  return process.getuid?.() === 0
    ? { command: [unshare, ...namespaces], overlay: '' }
    : { command: [unshare, '--map-root-user', ...namespaces], overlay: ',userxattr' }
}

/** The words before a program behind the walls: it keeps no right of root's. */
export function rightless(): string[] {
  return [systemProgram('setpriv')!, ...withoutRights]
}
