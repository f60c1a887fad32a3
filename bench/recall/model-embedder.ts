import type { Embedder } from '../../packages/reeve/src/memory/embedder.ts'
import { decodeVectors } from '../../packages/reeve/src/models/providers/embedding.ts'
import { localOnnx } from '../../packages/reeve/src/models/providers/local-onnx.ts'

/** A sentence model of a folder, as a project has it that configures `localOnnx`. */
export function modelEmbedder(path: string): Embedder {
  const solver = localOnnx({ path })
  const embedAll = async (texts: readonly string[]) => {
    const question = { task: 'embed' as const, name: 'bench', input: [...texts] }
    const answer = await solver.solve(question, { signal: AbortSignal.timeout(600_000) })
    if (answer.kind !== 'value') throw new Error(`${solver.name} gave no vectors.`)
    return decodeVectors(answer.value as string)
  }
  return {
    name: solver.name,
    wordShare: solver.wordShare!,
    embed: async (text) => (await embedAll([text]))[0]!,
    embedAll,
  }
}
