import { join } from 'node:path'
import { type Member, startMember } from '../runner/member.ts'
import type { BesideSpec } from './beside.ts'

/** Starts a process beside this one. */
export function beside(spec: BesideSpec): Member<object> {
  return startMember(join(import.meta.dirname, 'beside.ts'), spec)
}
