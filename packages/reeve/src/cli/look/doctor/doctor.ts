import { messageOf } from '../../../base/errors.ts'
import { visibleText } from '../../../base/text/visible-text.ts'
import { checks } from '../../../inspect/health/checks/checks.ts'
import type { Finding } from '../../../inspect/health/checks/finding.ts'
import type { Cli } from '../../cli.ts'
import { type ExitCode, exitCodes } from '../../terminal/exit-codes.ts'
import { presentWorkers, projectFolder, type Workspace, withWorkspace } from '../../terminal/workspace.ts'
import { checkKeys, checkProject } from './doctor-project.ts'
import { withCommand } from './with-command.ts'

/** Checks everything that must hold for runs to be driven, and changes nothing of them. */
export async function doctor(cli: Cli): Promise<ExitCode> {
  const { terminal } = cli
  const { green, red, yellow } = terminal.colors
  const marks = { ok: green('✓'), warning: yellow('!'), error: red('✗') }
  const findings: Finding[] = []
  const note = (finding: Finding) => {
    findings.push(finding)
    terminal.line(
      `${marks[finding.state]} ${finding.what.padEnd(10)} ${visibleText(finding.found).replaceAll('\n', '\n             ')}`,
    )
    if (finding.advice !== undefined) terminal.line(`             → ${finding.advice}`)
  }
  const { node, sqlite } = process.versions
  note({ what: 'node', state: 'ok', found: `Node ${node}, SQLite ${sqlite}` })
  const folder = projectFolder(cli)
  await guarded('project', note, () => checkProject(cli, folder, note))
  await guarded('keys', note, async () => note(checkKeys(folder)))
  await guarded('data', note, () => withWorkspace(cli, (workspace) => checkWorkspace(cli, workspace, note)))
  const errors = findings.filter(({ state }) => state === 'error').length
  const warnings = findings.filter(({ state }) => state === 'warning').length
  terminal.value({ ok: errors === 0, errors, warnings, findings })
  terminal.line(`\n${errors} errors, ${warnings} warnings`)
  return errors === 0 ? exitCodes.done : exitCodes.failed
}

async function checkWorkspace(
  cli: Cli,
  workspace: Workspace,
  note: (finding: Finding) => void,
): Promise<void> {
  const { database, folder } = workspace
  // Those of this machine whose process is gone are signed off first.
  await guarded('data', note, async () => void (await presentWorkers(database)))
  for (const { subject, look } of checks) {
    await guarded(subject, note, async () => {
      for (const finding of [await look(database, folder)].flat()) note(withCommand(cli, finding))
    })
  }
}

/** A check that cannot be made is a finding; the others go on. */
async function guarded(
  what: string,
  note: (finding: Finding) => void,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check()
  } catch (error) {
    note({ what, state: 'error', found: messageOf(error) })
  }
}
