import { formatUsd } from '../base/money.ts'
import type { HostedSolver } from '../models/hosted.ts'
import type { Solver } from '../models/solver.ts'
import { type BudgetRow, listBudgets } from '../store/budgets.ts'
import type { Cli } from './cli.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { withRuntime } from './project-runtime.ts'
import { safeLine } from './safe-text.ts'
import { table } from './table.ts'

const nano = 1e9

/** Lists what may be spent on models, what is spent, and what calls under way have reserved. */
export function budgets(cli: Cli): Promise<ExitCode> {
  return withRuntime(cli, async ({ database }) => {
    const rows = await listBudgets(database)
    const { terminal } = cli
    terminal.value({ budgets: rows.map(budgetView) })
    const cells = rows.map((row) => {
      const { ceilingUsd, spentUsd, reservedUsd } = budgetView(row)
      const ceiling = ceilingUsd === null ? 'none' : formatUsd(ceilingUsd)
      const left = ceilingUsd === null ? '' : formatUsd(Math.max(0, ceilingUsd - spentUsd - reservedUsd))
      return [safeLine(row.scope), ceiling, formatUsd(spentUsd), formatUsd(reservedUsd), left]
    })
    for (const line of table(['budget', 'ceiling', 'spent', 'reserved', 'left'], cells)) terminal.line(line)
    terminal.line(
      terminal.colors.dim('Ceilings are set in reeve.config.ts: budgets: { day: "$1", project: "$20" }'),
    )
    return exitCodes.done
  })
}

function budgetView(row: BudgetRow) {
  return {
    scope: row.scope,
    ceilingUsd: row.ceiling_nanousd === null ? null : row.ceiling_nanousd / nano,
    spentUsd: row.spent_nanousd / nano,
    reservedUsd: row.reserved_nanousd / nano,
  }
}

/** Lists the routes with their solvers, prices and what keeps a solver from being asked; with `test`, asks each once. */
export function models(cli: Cli, _options: object, action?: string): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { terminal } = cli
    const routes: { route: string; solvers: SolverView[] }[] = []
    for (const [route, { solvers }] of runtime.routes) {
      const lost = runtime.unusable.filter((one) => one.route === route)
      const views: SolverView[] = lost.map(({ solver, error }) => ({
        solver,
        kind: 'hosted',
        problem: error.message,
      }))
      for (const solver of solvers) {
        if (lost.some((one) => one.solver === solver.name)) continue
        views.push({ ...viewOf(solver), ...(action === 'test' ? await tryOnce(solver) : {}) })
      }
      routes.push({ route, solvers: views })
    }
    terminal.value({ routes })
    for (const { route, solvers } of routes) {
      terminal.line(terminal.colors.bold(safeLine(route)))
      for (const view of solvers) {
        const state = view.problem ? terminal.colors.yellow(`left out: ${view.problem}`) : (view.answer ?? '')
        terminal.line(`  ${view.solver} (${view.kind}) ${view.price ?? ''} ${state}`.trimEnd())
      }
    }
    const failed = routes.some(({ solvers }) => solvers.some(({ answer }) => answer?.startsWith('failed')))
    return failed ? exitCodes.failed : exitCodes.done
  })
}

interface SolverView {
  solver: string
  kind: Solver['kind']
  price?: string
  /** Why it is not asked. */
  problem?: string
  /** What became of a try. */
  answer?: string
}

function viewOf(solver: Solver): SolverView {
  const { price } = solver as Partial<HostedSolver>
  const view: SolverView = { solver: solver.name, kind: solver.kind }
  if (price)
    view.price = `$${price.inputUsdPerMillion} in, $${price.outputUsdPerMillion} out per million tokens (${price.asOf})`
  else if (solver.kind !== 'hosted') view.price = 'free'
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
