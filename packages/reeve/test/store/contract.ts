import { describe } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { answerCases } from './contract/answers.ts'
import { approvalLetterCases } from './contract/approval-letters.ts'
import { approvalCases } from './contract/approvals.ts'
import { auditCases } from './contract/audit.ts'
import { auditRoundCases } from './contract/audit-rounds.ts'
import { authorityCases } from './contract/authority.ts'
import { authorityLogCases } from './contract/authority-log.ts'
import { budgetWaitCases } from './contract/budget-waits.ts'
import { businessKeyCases } from './contract/business-keys.ts'
import { callRateCases } from './contract/call-rates.ts'
import { chapterCases } from './contract/chapters.ts'
import { claimCases } from './contract/claims.ts'
import { commitCases } from './contract/commits.ts'
import { deliveryCases } from './contract/deliveries.ts'
import { directiveVersionCases } from './contract/directive-versions.ts'
import { effectBudgetCases } from './contract/effect-budgets.ts'
import { eraseCases } from './contract/erase.ts'
import { eraseWholeCases } from './contract/erase-whole.ts'
import { expiredCases } from './contract/expired.ts'
import { foreignMarkCases } from './contract/foreign-marks.ts'
import { inboxCases } from './contract/inbox.ts'
import { itemCases } from './contract/items.ts'
import { journalCases } from './contract/journal.ts'
import { keyLineCases } from './contract/key-lines.ts'
import { learningCases } from './contract/learning.ts'
import { lostMarkCases } from './contract/lost-marks.ts'
import { markCases } from './contract/marks.ts'
import { modelCallCases } from './contract/model-calls.ts'
import { overtakenCases } from './contract/overtaken.ts'
import { pastAuthorityCases } from './contract/past-authority.ts'
import { proposalCases } from './contract/proposals.ts'
import { queueCases } from './contract/queues.ts'
import { readinessCases } from './contract/readiness.ts'
import { recoveryCases } from './contract/recovery.ts'
import { retentionCases } from './contract/retention.ts'
import { rowCases } from './contract/rows.ts'
import { runListCases } from './contract/run-lists.ts'
import { secretCases } from './contract/secrets.ts'
import { valueCases } from './contract/values.ts'
import { writtenTextCases } from './contract/written-texts.ts'

/**
 * Every promise of the store, as cases that any database must pass. `open` answers a migrated, empty database; each case
 * opens and closes its own. The cases read the store's clock and move stored times, never the clock itself, so that a
 * database with a clock of its own can run them.
 */
export function storeContract(name: string, open: () => Promise<Database>): void {
  describe(name, () => {
    journalCases(open)
    commitCases(open)
    claimCases(open)
    queueCases(open)
    keyLineCases(open)
    recoveryCases(open)
    inboxCases(open)
    deliveryCases(open)
    approvalCases(open)
    approvalLetterCases(open)
    retentionCases(open)
    directiveVersionCases(open)
    eraseCases(open)
    eraseWholeCases(open)
    markCases(open)
    foreignMarkCases(open)
    lostMarkCases(open)
    writtenTextCases(open)
    readinessCases(open)
    chapterCases(open)
    rowCases(open)
    valueCases(open)
    itemCases(open)
    auditCases(open)
    auditRoundCases(open)
    authorityCases(open)
    pastAuthorityCases(open)
    secretCases(open)
    expiredCases(open)
    overtakenCases(open)
    answerCases(open)
    modelCallCases(open)
    budgetWaitCases(open)
    callRateCases(open)
    businessKeyCases(open)
    effectBudgetCases(open)
    runListCases(open)
    authorityLogCases(open)
    proposalCases(open)
    learningCases(open)
  })
}
