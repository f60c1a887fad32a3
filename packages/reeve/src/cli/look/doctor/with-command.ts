import type { Finding } from '../../../inspect/health/checks/finding.ts'
import type { Cli } from '../../cli.ts'

/** As it is told here: the command stands at the end of the advice. */
export function withCommand(cli: Cli, { command, ...finding }: Finding): Finding {
  return command ? { ...finding, advice: `${finding.advice}: ${cli.command(...command)}` } : finding
}
