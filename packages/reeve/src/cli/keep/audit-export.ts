import { copyFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { packageFolder } from '../../base/package-files.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { shellWord } from '../../base/text/shell-word.ts'
import { systemClock } from '../../base/time/time.ts'
import { exportLines } from '../../store/audit/export.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { writing } from '../terminal/input.ts'
import { withWorkspace } from '../terminal/workspace.ts'

const verifier = 'verify-audit.mjs'

/** Writes runs, events, acts and signed heads into a new file, and beside it the script that checks it without Reeve. */
export function exportAudit(cli: Cli, _options: object, file: string): Promise<ExitCode> {
  return withWorkspace(cli, async ({ database }) => {
    const path = resolve(file)
    const out = await writing(path, () => open(path, 'wx', 0o600))
    let lines = 0
    try {
      const now = (database.clock ?? systemClock).now()
      for await (const line of exportLines(database, now)) {
        await out.appendFile(`${line}\n`)
        lines++
      }
      await out.sync()
    } finally {
      await out.close()
    }
    const script = join(dirname(path), verifier)
    copyFileSync(new URL(`bin/${verifier}`, packageFolder), script)
    cli.terminal.value({ file: path, lines, verifier: script })
    cli.terminal.line(
      `${safeLine(path)} holds ${lines} lines; check it anywhere: node ${verifier} ${shellWord(file)}`,
    )
    return exitCodes.done
  })
}
