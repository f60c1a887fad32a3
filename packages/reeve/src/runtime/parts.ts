import type { RuntimeParts } from './compose.ts'

/** Starts what a runtime is made of, each after what it needs. */
export async function beginParts(parts: RuntimeParts): Promise<void> {
  const { projectKnowledge, services, breakerRecord, abandonedBatches, engine, pruning } = parts
  parts.authority.begin()
  await projectKnowledge.begin()
  await services.begin()
  await parts.policies.begin()
  breakerRecord.begin(engine.worker.id)
  abandonedBatches.begin()
  await engine.start()
  // Before anything is pruned: what lies in a watched folder is not forgotten.
  await parts.triggerLoops.begin()
  await parts.telemetry?.begin()
  pruning.begin()
  parts.auditSigning.begin()
}

/** Ends it in the other order; the database comes last. */
export async function endParts(parts: RuntimeParts, graceMs: number | undefined): Promise<void> {
  const { projectKnowledge, services, breakerRecord, abandonedBatches, engine, pruning } = parts
  try {
    await projectKnowledge.end()
    await parts.authority.end()
    await pruning.end()
    await parts.triggerLoops.end()
    await parts.telemetry?.end()
    await engine.stop(graceMs)
  } finally {
    await abandonedBatches.end()
    await parts.policies.end()
    await breakerRecord.end()
    await services.end()
    await parts.auditSigning.end()
    parts.letters.close()
    await parts.database.close()
  }
}
