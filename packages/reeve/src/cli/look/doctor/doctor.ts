import { messageOf } from '../../../base/errors.ts'
import { visibleText } from '../../../base/text/visible-text.ts'
import type { Cli } from '../../cli.ts'
import { type ExitCode, exitCodes } from '../../terminal/exit-codes.ts'
import { projectFolder, type Workspace, withWorkspace } from '../../terminal/workspace.ts'
import {
  checkClock,
  checkData,
  checkDisk,
  checkIntegrity,
  checkNumbers,
  checkRuns,
  checkVersions,
  checkWorkers,
} from './doctor-data.ts'
import { checkMemory } from './doctor-memory.ts'
import { checkKeys, checkProject } from './doctor-project.ts'

/** One thing that was looked at. */
export interface Finding {
  what: string
  state: 'ok' | 'warning' | 'error'
  found: string
  /** What to do about it. */
  advice?: string
}

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
  for (const check of [
    checkData,
    checkIntegrity,
    checkMemory,
    checkWorkers,
    checkVersions,
    checkDisk,
    checkClock,
  ]) {
    await guarded('data', note, async () => note(await check(workspace)))
  }
  await guarded('numbers', note, async () => note(await checkNumbers(cli, workspace)))
  await guarded('runs', note, async () => {
    for (const finding of await checkRuns(cli, workspace)) note(finding)
  })
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
