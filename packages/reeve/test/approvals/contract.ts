import { describe } from 'vitest'
import { bindingCases } from './binding.ts'
import { decidingCases } from './deciding.ts'
import type { OpenApprovals } from './harness.ts'

/** What holds of approvals on any database. */
export function approvalsContract(name: string, open: OpenApprovals): void {
  describe(name, () => {
    bindingCases(open)
    decidingCases(open)
  })
}
