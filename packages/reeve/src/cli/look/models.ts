import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { formatMs } from '../../base/time/time.ts'
import type { BreakerView, SolverView } from '../backend/models-view.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

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
  const isTest = action === 'test'
  return withBackend(
    cli,
    async (backend) => {
      const { terminal } = cli
      const { keys, routes } = await backend.models(isTest)
      terminal.value({ keys, routes })
      terminal.line(`keys found: ${keys.join(', ') || 'none'}`)
      for (const { route, solvers } of routes) {
        terminal.line(terminal.colors.bold(safeLine(route)))
        for (const view of solvers) {
          const state = view.problem
            ? terminal.colors.yellow(`left out: ${view.problem}`)
            : (view.answer ?? '')
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
    },
    'code',
  )
}

const mostBreakers = 20

function breakerLine({ state, host, pid, failures, probeInMs }: BreakerView): string {
  const next = state === 'open' ? `it is asked again in ${formatMs(probeInMs)}` : 'the next question tries it'
  return safeLine(`breaker ${state} in process ${pid} on ${host}: ${failures} failures in a row; ${next}`)
}

function keyLine({ key }: SolverView): string {
  return key === undefined ? 'without a key' : `with the key of ${key}`
}
