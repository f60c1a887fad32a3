import { ReeveError } from '../base/errors.ts'
import { embedderRoute, localEmbedder } from '../models/providers/embedding.ts'
import { hostedEmbedder } from '../models/providers/hosted-embedder.ts'
import type { ProviderKeys } from '../models/providers/model-object.ts'
import type { RouteDefinition } from '../models/route/route.ts'
import type { ProjectConfig } from './config.ts'

/** The embedder of a step that names none. */
const defaultEmbedder = 'default'

/** A route for each embedder: one solver, because the vectors of two models cannot stand together. @throws `bad-embedder` */
export function embedderRoutes(
  { embedders = {}, prices }: ProjectConfig,
  keys: ProviderKeys,
): Map<string, RouteDefinition> {
  const routes = new Map([[embedderRoute(defaultEmbedder), { solvers: [localEmbedder] }]])
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
