import { directiveWorkflowName } from '../../autonomy/directives/directive.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { loadProject } from '../../project/load.ts'
import type { Cli } from '../cli.ts'
import type { RunOptions } from '../run/run.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { projectFolder } from '../terminal/workspace.ts'
import { ownDirective, writtenDirective, writtenDirectives } from './written.ts'

export async function directiveList(cli: Cli): Promise<ExitCode> {
  const directives = await writtenDirectives(cli)
  const { terminal } = cli
  const { bold, dim } = terminal.colors
  terminal.value({ directives })
  if (directives.length === 0) terminal.line('The project has no directives: see docs/directives.md.')
  for (const { name, goal, does, criteria } of directives) {
    const calls = does.map((call) => `${call.kind} ${call.name}`).join(', ')
    terminal.line(`${bold(safeLine(name))}  ${safeLine(goal.split('\n')[0]!)}`)
    terminal.line(dim(`  ${safeLine(calls)}; ${criteria.length} criteria`))
  }
  return exitCodes.done
}

/** Loading refuses what is wrong, with its lines. */
export async function directiveLint(cli: Cli): Promise<ExitCode> {
  const { directives, scripts } = await loadProject(projectFolder(cli))
  cli.terminal.value({ directives: directives.length, scripts: scripts.length, problems: [] })
  cli.terminal.line(`${directives.length} directives and ${scripts.length} scripts: nothing is wrong.`)
  return exitCodes.done
}

export async function directiveShow(cli: Cli, _: object, name: string): Promise<ExitCode> {
  const directive = await writtenDirective(cli, name)
  const { terminal } = cli
  terminal.value(directive)
  for (const line of directive.text.trimEnd().split('\n')) terminal.line(safeLine(line))
  terminal.line(
    terminal.colors.dim(
      `${directive.file}, version ${directive.version}; start it: ${cli.command('directives', 'run', name)}`,
    ),
  )
  return exitCodes.done
}

/** A start of the workflow that it is. */
export async function directiveRun(cli: Cli, options: RunOptions, name: string): Promise<ExitCode> {
  if (!cli.server) await ownDirective(cli, name)
  const { run } = await import('../run/run.ts')
  return run(cli, options, directiveWorkflowName(name))
}
