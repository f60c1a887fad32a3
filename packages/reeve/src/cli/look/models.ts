import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { formatMs, isoText, systemClock } from '../../base/time/time.ts'
import type { HostedSolver } from '../../models/providers/hosted.ts'
import { knownKeyNames } from '../../models/providers/provider.ts'
import type { Solver } from '../../models/solver.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { refuseLowRole } from '../../server/local-actor.ts'
import { listBreakers } from '../../store/ledger/breakers.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { presentWorkers } from '../terminal/workspace.ts'

/**
 * Lists the keys found, and the routes with their solvers, prices, what keeps a solver from being asked, and the workers
 * whose circuit breaker for it is open; with `test`, asks each solver once. @throws `bad-option`
 */
export async function models(cli: Cli, _options: object, action?: string): Promise<ExitCode> {
  if (action !== undefined && action !== 'test')
    throw new ReeveError(
      'bad-option',
      `"${action}" is nothing that models can do. Write: reeve models, or reeve models test.`,
    )
  return withRuntime(cli, async (runtime, _onStop, actor) => {
    // It pays for what it asks.
    if (action === 'test') refuseLowRole(actor, 'operator')
    const { terminal } = cli
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
          ...(action === 'test' ? await tryOnce(solver) : {}),
        })
      }
      routes.push({ route, solvers: views })
    }
    const used = routes.flatMap(({ solvers }) => solvers.flatMap(({ key }) => key ?? []))
    const found = knownKeyNames.filter((name) => runtime.environment.keys[name])
    const keys = [...new Set([...found, ...used])]
    terminal.value({ keys, routes })
    terminal.line(`keys found: ${keys.join(', ') || 'none'}`)
    for (const { route, solvers } of routes) {
      terminal.line(terminal.colors.bold(safeLine(route)))
      for (const view of solvers) {
        const state = view.problem ? terminal.colors.yellow(`left out: ${view.problem}`) : (view.answer ?? '')
        terminal.line(`  ${view.solver} (${view.kind}) ${view.price ?? ''} ${state}`.trimEnd())
        if (view.address)
          terminal.line(terminal.colors.dim(safeLine(`    at ${view.address}, ${keyLine(view)}`)))
        for (const breaker of view.breakers.slice(0, mostBreakers))
          terminal.line(`    ${terminal.colors.red(breakerLine(breaker))}`)
        const more = view.breakers.length - mostBreakers
        if (more > 0) terminal.line(terminal.colors.red(`    and ${more} more workers`))
      }
    }
    const failed = routes.some(({ solvers }) => solvers.some(({ answer }) => answer?.startsWith('failed')))
    return failed ? exitCodes.failed : exitCodes.done
  })
}

const mostBreakers = 20

interface SolverView {
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

interface BreakerView {
  state: 'open' | 'half-open'
  host: string
  pid: number
  failures: number
  openedAt: string
  /** Until one question may pass. */
  probeInMs: number
}

function breakerView(row: Awaited<ReturnType<typeof listBreakers>>[number], now: number): BreakerView {
  const probeInMs = Math.max(0, row.probe_at - now)
  const { host, pid, failures } = row
  const openedAt = isoText(row.opened_at)
  return { state: probeInMs > 0 ? 'open' : 'half-open', host, pid, failures, openedAt, probeInMs }
}

function breakerLine({ state, host, pid, failures, probeInMs }: BreakerView): string {
  const next = state === 'open' ? `it is asked again in ${formatMs(probeInMs)}` : 'the next question tries it'
  return safeLine(`breaker ${state} in process ${pid} on ${host}: ${failures} failures in a row; ${next}`)
}

function keyLine({ key }: SolverView): string {
  return key === undefined ? 'without a key' : `with the key of ${key}`
}

function viewOf(solver: Solver): Omit<SolverView, 'breakers'> {
  const { price, access } = solver as Partial<HostedSolver>
  const view: Omit<SolverView, 'breakers'> = { solver: solver.name, kind: solver.kind }
  if (price)
    view.price = `$${price.inputUsdPerMillion} in, $${price.outputUsdPerMillion} out per million tokens (${price.asOf})`
  else if (solver.kind !== 'hosted') view.price = 'free'
  if (access) view.address = access.address
  if (access?.keyName !== undefined) view.key = access.keyName
  return view
}

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
