import { messageOf, ReeveError } from '../base/errors.ts'
import { defaultEmbedder, type Embedder, hashedNgrams } from '../memory/embedder.ts'
import type { EmbeddingCalls } from '../models/asking/embedding-calls.ts'
import { type EmbedderSolver, embedderRoute, encodeVectors } from '../models/providers/embedding.ts'
import { hostedEmbedder } from '../models/providers/hosted-embedder.ts'
import type { ProviderKeys } from '../models/providers/model-object.ts'
import type { RouteDefinition } from '../models/route/route.ts'
import type { Solver } from '../models/solver.ts'
import type { ProjectConfig } from './config.ts'

/** The embedder of a step that names none. */
const defaultName = 'default'

/** A route for each embedder: one solver, because the vectors of two models cannot stand together. @throws `bad-embedder` */
export function embedderRoutes(
  { embedders = {}, prices }: ProjectConfig,
  keys: ProviderKeys,
): Map<string, RouteDefinition> {
  const routes = new Map<string, RouteDefinition>([
    [embedderRoute(defaultName), { solvers: [solverOf(defaultEmbedder())] }],
  ])
  for (const [name, given] of Object.entries(embedders)) {
    if (typeof given !== 'string' && typeof given?.solve !== 'function')
      throw new ReeveError(
        'bad-embedder',
        `Embedder "${name}" is neither a model's name (provider/model) nor a solver. Wrap an AI SDK embedding model in hostedEmbedder(…).`,
      )
    const solver =
      typeof given === 'string' ? hostedEmbedder(given, { keys, ...(prices && { prices }) }) : given
    routes.set(embedderRoute(name), { solvers: [solver] })
  }
  return routes
}

/**
 * What embeds memory: the embedder named `default`, else the built-in one. The others of the configuration, and the built-in ones,
 * answer for what they have made until that is embedded anew.
 */
export function memoryEmbedders(
  { embedders = {} }: ProjectConfig,
  routes: ReadonlyMap<string, RouteDefinition>,
  calls: EmbeddingCalls,
): { embedder: Embedder; others: Embedder[] } {
  const builtIn = defaultEmbedder()
  const configured = new Map(
    Object.keys(embedders).map((name) => {
      const [solver] = routes.get(embedderRoute(name))!.solvers
      return [name, askedBy(calls, name, solver!)]
    }),
  )
  return {
    embedder: configured.get(defaultName) ?? builtIn,
    others: [hashedNgrams, builtIn, ...configured.values()],
  }
}

/** The built-in one for `ctx.embed`. */
function solverOf({ name, embed }: Embedder): Solver {
  return {
    name: `local/${name}`,
    kind: 'local',
    solve: async ({ input }) =>
      encodeVectors(await Promise.all((input as string[]).map((text) => embed(text)))),
  }
}

function askedBy(calls: EmbeddingCalls, route: string, solver: EmbedderSolver): Embedder {
  const embedAll: Embedder['embedAll'] = async (texts, { paid, ...call } = {}) => {
    const { vectors, usage } = await calls.embed(route, texts, call)
    if (usage.costUsd > 0 || usage.inputTokens > 0) paid?.(usage)
    return vectors
  }
  return {
    name: solver.name,
    ...(solver.wordShare !== undefined && { wordShare: solver.wordShare }),
    embed: async (text, call) => (await embedAll([text], call))[0]!,
    embedAll,
  }
}

/** What the log says when what is taken in gets no vector. */
export function unembedded(error: unknown): [string, { error: string }] {
  return ['the embedder gave no vector: words find it until it is embedded', { error: messageOf(error) }]
}
