import type { ReeveError } from '../base/errors.ts'
import type { Secrets } from '../base/secrets/secrets.ts'
import { type HostedSolver, hostedSolver } from '../models/providers/hosted.ts'
import type { ProviderKeys } from '../models/providers/model-object.ts'
import { checkRoute } from '../models/route/check-route.ts'
import type { RouteDefinition } from '../models/route/route.ts'
import type { BatchService, Solver } from '../models/solver.ts'
import type { RouteConfig } from './config.ts'
import type { Project } from './load.ts'

interface Options {
  project: Project
  /** Of models, by their variable. */
  keys: ProviderKeys
}

/** A hosted model that a route names and that cannot be asked; the route goes on without it. */
export interface UnusableSolver {
  /** The route that names it. */
  route: string
  /** Its name. */
  solver: string
  /** Why it cannot be asked. */
  error: ReeveError
}

/** Turns the names of models into solvers and leaves out those that cannot be asked where others remain. */
export function resolveRoutes(options: Options, unusable: UnusableSolver[]): Map<string, RouteDefinition> {
  const routes = new Map<string, RouteDefinition>()
  for (const [name, route] of Object.entries(options.project.config.routes ?? {})) {
    const solvers = route.solvers.map((solver) => resolveSolver(solver, options))
    const usable = solvers.filter((solver) => {
      const error = 'unusable' in solver ? (solver as HostedSolver).unusable : undefined
      if (error) unusable.push({ route: name, solver: solver.name, error })
      return !error
    })
    const definition: RouteDefinition = {
      ...(route as Omit<RouteConfig, 'solvers'>),
      solvers: usable.length > 0 ? usable : solvers,
    }
    checkRoute(name, definition)
    routes.set(name, definition)
  }
  return routes
}

/** Registers the keys that the project gave its models itself. */
export function addKeysTo(secrets: Secrets, routes: Iterable<RouteDefinition>): void {
  for (const { solvers } of routes) {
    for (const solver of solvers) (solver as Partial<HostedSolver>).addCredentialsTo?.(secrets)
  }
}

function resolveSolver(solver: Solver | string, options: Options): Solver {
  if (typeof solver !== 'string') return solver
  const { prices } = options.project.config
  return hostedSolver(solver, { keys: options.keys, ...(prices ? { prices } : {}) })
}

/** The services of solvers that answer in batches, by the solver's name. */
export function batchServices(routes: ReadonlyMap<string, RouteDefinition>): Map<string, BatchService> {
  const services = new Map<string, BatchService>()
  for (const { solvers } of routes.values())
    for (const { name, batches } of solvers) if (batches) services.set(name, batches)
  return services
}
