import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { isoText, systemClock } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import type { HostedSolver } from '../../models/providers/hosted.ts'
import { knownKeyNames } from '../../models/providers/provider.ts'
import type { Solver } from '../../models/solver.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { listBreakers } from '../../store/spending/breakers.ts'
import { presentWorkers } from '../terminal/workspace.ts'

/** The keys that are there, by their variables, and the routes with what each solver is. */
export interface ModelsView {
  keys: string[]
  routes: { route: string; solvers: SolverView[] }[]
}

export interface SolverView {
  solver: string
  kind: Solver['kind']
  price?: string
  /** The variable that its key comes from. */
  key?: string
  /** Where its questions go. */
  address?: string
  /** Why it is not asked. */
  problem?: string
  /** What became of a try. */
  answer?: string
  /** Those of workers that are not closed. */
  breakers: BreakerView[]
}

export interface BreakerView {
  state: 'open' | 'half-open'
  host: string
  pid: number
  failures: number
  openedAt: string
  /** Until one question may pass. */
  probeInMs: number
}

/** Of a project whose code is loaded; `isTest` asks each solver once. */
export async function localModels(runtime: Runtime, isTest: boolean): Promise<ModelsView> {
  const { database, routes: known } = internalsOf(runtime)
  await presentWorkers(database)
  const now = (database.clock ?? systemClock).now()
  const circuits = Map.groupBy(await listBreakers(database), ({ solver }) => solver)
  const breakersOf = (solver: string) => (circuits.get(solver) ?? []).map((row) => breakerView(row, now))
  const routes: { route: string; solvers: SolverView[] }[] = []
  for (const [route, { solvers }] of known) {
    const lost = runtime.unusableSolvers.filter((one) => one.route === route)
    const views: SolverView[] = lost.map(({ solver, error }) => ({
      solver,
      kind: 'hosted',
      problem: error.message,
      breakers: [],
    }))
    for (const solver of solvers) {
      if (lost.some((one) => one.solver === solver.name)) continue
      views.push({
        ...viewOf(solver),
        breakers: breakersOf(solver.name),
        ...(isTest ? await tryOnce(solver) : {}),
      })
    }
    routes.push({ route, solvers: views })
  }
  const used = routes.flatMap(({ solvers }) => solvers.flatMap(({ key }) => key ?? []))
  const found = knownKeyNames.filter((name) => runtime.environment.keys[name])
  const keys = [...new Set([...found, ...used])]
  return { keys, routes }
}

/** Of a server, which names the keys that its solvers use. @throws `not-remote` */
export async function remoteModels(client: Client, isTest: boolean): Promise<ModelsView> {
  if (isTest)
    throw new ReeveError(
      'not-remote',
      'reeve models test cannot be done at a server: it asks with the keys of this machine. Leave out --server, or unset REEVE_URL, where the keys are.',
    )
  const { items } = await client.models.list()
  const now = Date.now()
  const routes = items.map(({ name: route, solvers }) => ({
    route,
    solvers: solvers.map((each): SolverView => {
      const price = priceOf(each.kind, each.price ?? undefined)
      return {
        solver: each.name,
        kind: each.kind as Solver['kind'],
        ...(price !== undefined && each.problem === null && { price }),
        ...(each.address !== null && { address: each.address }),
        ...(each.keyName !== null && { key: each.keyName }),
        ...(each.problem !== null && { problem: each.problem }),
        breakers: each.breakers.map(({ host, pid, failures, openedAt, probeAt }) =>
          breakerView(
            { host, pid, failures, opened_at: Date.parse(openedAt), probe_at: Date.parse(probeAt) },
            now,
          ),
        ),
      }
    }),
  }))
  const keys = routes.flatMap(({ solvers }) => solvers.flatMap(({ key }) => key ?? []))
  return { keys: [...new Set(keys)], routes }
}

type Breaker = Awaited<ReturnType<typeof listBreakers>>[number]

function breakerView(
  row: Pick<Breaker, 'host' | 'pid' | 'failures' | 'opened_at' | 'probe_at'>,
  now: number,
): BreakerView {
  const probeInMs = Math.max(0, row.probe_at - now)
  const { host, pid, failures } = row
  const openedAt = isoText(row.opened_at)
  return { state: probeInMs > 0 ? 'open' : 'half-open', host, pid, failures, openedAt, probeInMs }
}

function viewOf(solver: Solver): Omit<SolverView, 'breakers'> {
  const { price, access } = solver as Partial<HostedSolver>
  const view: Omit<SolverView, 'breakers'> = { solver: solver.name, kind: solver.kind }
  const told = priceOf(solver.kind, price)
  if (told !== undefined) view.price = told
  if (access) view.address = access.address
  if (access?.keyName !== undefined) view.key = access.keyName
  return view
}

function priceOf(kind: string, price: SolverPrice | undefined): string | undefined {
  if (price)
    return `$${price.inputUsdPerMillion} in, $${price.outputUsdPerMillion} out per million tokens (${price.asOf})`
  return kind === 'hosted' ? undefined : 'free'
}

type SolverPrice = Pick<
  NonNullable<HostedSolver['price']>,
  'inputUsdPerMillion' | 'outputUsdPerMillion' | 'asOf'
>

const tryMs = 30_000

async function tryOnce(solver: Solver): Promise<{ answer: string }> {
  const started = performance.now()
  try {
    const question = {
      task: 'generate',
      name: 'a try',
      instructions: 'Answer with the word yes.',
      input: { text: 'yes?' },
    } as const
    const answer = await solver.solve(question, { signal: AbortSignal.timeout(tryMs) })
    const said = answer.kind === 'abstain' ? `abstained: ${answer.reason}` : `answered (${answer.kind})`
    return { answer: safeLine(`${said} in ${Math.round(performance.now() - started)} ms`) }
  } catch (error) {
    return { answer: safeLine(`failed: ${error instanceof Error ? error.message : String(error)}`) }
  }
}
