import { bitFlips } from './bit-flips.ts'
import { clockJumps } from './clock-jumps.ts'
import { codeChanges } from './code-changes.ts'
import { diskFull } from './disk-full.ts'
import { duplicates } from './duplicates.ts'
import type { Fault } from './fault.ts'
import { modelFaults } from './model-faults.ts'
import { oversize } from './oversize.ts'
import { partitions } from './partitions.ts'
import { poison } from './poison.ts'
import { postgresRestarts } from './postgres-restarts.ts'
import { powerLoss } from './power-loss.ts'
import { restartHerd } from './restart-herd.ts'
import { simulation } from './simulation.ts'
import { syncErrors } from './sync-errors.ts'
import { zombies } from './zombies.ts'

export const faults: Fault[] = [
  simulation,
  powerLoss,
  bitFlips,
  diskFull,
  syncErrors,
  poison,
  modelFaults,
  oversize,
  restartHerd,
  postgresRestarts,
  partitions,
  zombies,
  clockJumps,
  duplicates,
  codeChanges,
]

/** @throws when there is no such fault */
export function faultNamed(name: string): Fault {
  const fault = faults.find((one) => one.name === name)
  if (fault) return fault
  throw new Error(`There is no fault "${name}". The faults are: ${faults.map((one) => one.name).join(', ')}.`)
}
