import { ceilingsOfAgents } from '../agents/known-agents.ts'
import { ceilingOfWorkflow } from '../governance/history/ceilings.ts'
import type { Project } from '../project/load.ts'
import type { RuntimeParts } from './internals.ts'

/** Starts what a runtime is made of, each after what it needs. */
export async function beginParts(parts: RuntimeParts, { workflows, agents }: Project): Promise<void> {
  const { projectKnowledge, services, breakerRecord, abandonedBatches, engine, pruning } = parts
  parts.authority.begin()
  parts.vault.begin()
  await projectKnowledge.begin()
  await services.begin()
  await parts.policies.begin()
  await parts.ceilings.note([...workflows.map(ceilingOfWorkflow), ...ceilingsOfAgents(agents)])
  parts.readiness.begin()
  parts.proposals.begin()
  await parts.lessons.begin()
  parts.learners.begin()
  await parts.connections.begin()
  breakerRecord.begin(engine.worker.id)
  abandonedBatches.begin()
  await engine.start()
  // Before anything is pruned: what lies in a watched folder is not forgotten.
  await parts.triggerLoops.begin()
  parts.pollLoops.begin()
  parts.approvalLoops.begin()
  await parts.daemonLoops.begin()
  await parts.repairKeeper.begin()
  await parts.telemetry?.begin()
  pruning.begin()
  parts.auditSigning.begin()
}

/** Ends it in the other order; the database comes last. */
export async function endParts(parts: RuntimeParts, graceMs: number | undefined): Promise<void> {
  const { projectKnowledge, services, breakerRecord, abandonedBatches, engine, pruning } = parts
  try {
    await projectKnowledge.end()
    await parts.readiness.end()
    await parts.proposals.end()
    await parts.lessons.end()
    await parts.learners.end()
    await parts.connections.end()
    await parts.authority.end()
    await parts.vault.end()
    await pruning.end()
    await parts.repairKeeper.end()
    await parts.daemonLoops.end()
    await parts.approvalLoops.end()
    await parts.pollLoops.end()
    await parts.triggerLoops.end()
    await parts.telemetry?.end()
    await engine.stop(graceMs)
    await parts.ceilings.end()
  } finally {
    await abandonedBatches.end()
    await parts.policies.end()
    await breakerRecord.end()
    await services.end()
    await parts.connections.close()
    await parts.auditSigning.end()
    parts.letters.close()
    parts.documents.close()
    await parts.database.close()
  }
}
