import { describe } from 'vitest'
import { attentionCases } from './attention.ts'
import { bindingCases } from './binding.ts'
import { decidingCases } from './deciding.ts'
import type { OpenApprovals } from './harness.ts'
import { peerCases } from './peers.ts'
import { permissionCases } from './permissions.ts'
import { setBackCases } from './set-back.ts'

/** What holds of approvals on any database. */
export function approvalsContract(name: string, open: OpenApprovals): void {
  describe(name, () => {
    bindingCases(open)
    decidingCases(open)
    peerCases(open)
    permissionCases(open)
    attentionCases(open)
    setBackCases(open)
  })
}
