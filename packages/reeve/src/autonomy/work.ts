import { isReserved } from '../engine/workflow.ts'

/** What the names of the workflows begin with whose runs are the cycles of daemons. */
export const cyclePrefix = 'daemon:'

/**
 * Whether a workflow is work of the project. Cycles of daemons are how the work is led, and what the runtime does by itself (learning,
 * repairs) comes at times of its own, beside a look or after it: neither is anything to decide upon.
 */
export function isWork(workflow: string): boolean {
  return !workflow.startsWith(cyclePrefix) && !isReserved(workflow)
}
