import { ReeveError } from '../../base/errors.ts'
import type { DiffLine } from '../../base/text/line-diff.ts'
import { briefValue, safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import type { Terminal } from '../terminal/terminal.ts'

export function directiveHistory(cli: Cli, options: { limit: string }, name: string): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(cli, async ({ autonomy }) => {
    const { terminal } = cli
    const { bold, dim } = terminal.colors
    const { versions, more } = await autonomy.directiveVersions(name, limit)
    if (versions.length === 0)
      throw new ReeveError(
        'unknown-directive',
        `No version of a directive "${safeLine(name)}" is known: a start of the project records it.`,
      )
    terminal.value({ versions, more })
    for (const { version, author, by, reason, evidence, at, hash } of versions) {
      const who = author === 'file' ? 'found in the file' : `by ${safeLine(by ?? 'nobody')} (${author})`
      terminal.line(`${bold(String(version))}  ${moment(Date.parse(at))} ${who}`)
      if (reason !== null) terminal.line(`  ${safeLine(reason)}`)
      terminal.line(dim(`  ${hash.slice(0, 12)}${evidence === null ? '' : `  ${briefValue(evidence)}`}`))
    }
    if (more) terminal.line(dim(moreLine(`the newest ${versions.length} versions`, limit)))
    return exitCodes.done
  })
}

export function directiveDiff(
  cli: Cli,
  _: object,
  name: string,
  from?: string,
  to?: string,
): Promise<ExitCode> {
  const of = {
    ...(from !== undefined && { from: toVersion(from) }),
    ...(to !== undefined && { to: toVersion(to) }),
  }
  return withBackend(cli, async ({ autonomy }) => {
    const { terminal } = cli
    const diff = await autonomy.directiveDiff(name, of)
    terminal.value(diff)
    terminal.line(terminal.colors.bold(`${safeLine(name)}: version ${diff.from} → ${diff.to}`))
    if (diff.hunks.length === 0) terminal.line('Nothing differs.')
    showHunks(terminal, diff.hunks)
    return exitCodes.done
  })
}

export function directiveNote(
  cli: Cli,
  { why }: { why?: string },
  name: string,
  line: string,
): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ autonomy }) => {
      const version = await autonomy.noteFailureMode(name, line, why)
      cli.terminal.value({ version })
      cli.terminal.line(
        version === null
          ? `${safeLine(name)} says that already.`
          : `${safeLine(name)} is version ${version} now.`,
      )
      return exitCodes.done
    },
    'code',
  )
}

/** Removed and added lines, each with its mark, so that they are told apart without colours. */
export function showHunks(terminal: Terminal, hunks: readonly (readonly DiffLine[])[]): void {
  const { green, red, dim } = terminal.colors
  for (const hunk of hunks) {
    terminal.line(dim('@@'))
    for (const { kind, text } of hunk) {
      if (kind === 'same') terminal.line(`  ${safeLine(text)}`)
      else if (kind === 'added') terminal.line(green(`+ ${safeLine(text)}`))
      else terminal.line(red(`- ${safeLine(text)}`))
    }
  }
}

function toVersion(text: string): number {
  const version = Number(text)
  if (Number.isSafeInteger(version) && version > 0) return version
  throw new ReeveError('bad-option', `"${text}" is not a version of a directive; versions are 1, 2, 3…`)
}
