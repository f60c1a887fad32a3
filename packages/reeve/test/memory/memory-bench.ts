import { Context } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { WorkflowRegistry } from '../../src/engine/workflow.ts'
import type { Embedder } from '../../src/memory/embedder.ts'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { Memory } from '../../src/memory/memory.ts'
import { Questions } from '../../src/models/asking/questions.ts'
import { embed } from '../../src/models/local/text/embed.ts'
import { CircuitBreakers } from '../../src/models/route/breaker.ts'
import type { Database } from '../../src/store/database.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { mortalEngine, openTestDatabase } from '../engine/harness.ts'

/** Knows spellings; its name is not that of the built-in one. */
const local: Embedder = { name: 'local', wordShare: 0.84, embed }

/** Runs workflows on a database, with an engine that can die. */
export async function memoryBench(
  workflows: Workflow[],
  given: { database?: Database; embedder?: Embedder; instructions?: readonly string[] } = {},
) {
  const clock = new FakeClock()
  const database = given.database ?? (await openTestDatabase(clock))
  const registry = new WorkflowRegistry()
  for (const one of workflows) registry.add(one)
  const memory = new Memory({ database, clock, embedder: given.embedder ?? local })
  const breakers = new CircuitBreakers({ clock })
  const questions = new Questions({ routes: new Map(), breakers, budgets: {}, database, workflows: registry })
  const knowledge = new Knowledge(memory)
  const life = await mortalEngine([], {
    database,
    clock,
    workflows: registry,
    contextFor: (execution) =>
      new Context(execution, registry, {
        questions,
        knowledge,
        memory,
        instructions: given.instructions ?? [],
      }),
  })
  const result = async (name: string, input: unknown = null) =>
    (await life.engine.startRun(name, input)).result()
  const output = async (name: string, input: unknown = null) => {
    const ended = await result(name, input)
    if (ended.status !== 'succeeded') throw new Error(JSON.stringify(ended))
    return ended.output
  }
  const stop = async () => {
    await life.engine.stop()
    await database.close()
  }
  return { ...life, memory, result, output, stop }
}
