import { extname, join } from 'node:path'
import { BoundedChild } from '../../base/process/bounded-child.ts'
import { lastCharacters } from '../../base/text/shorten.ts'
import { networkWall } from './network-wall.ts'
import type { Script } from './script.ts'
import { interpreterFor, limitsFor, scriptPath } from './script-command.ts'

/** What became of one file of tests. */
export interface ScriptTest {
  script: string
  file: string
  passed: boolean
  /** What it said, where it did not pass. */
  said: string
}

const testMs = 120_000

/**
 * Runs the tests of a script: programs `NAME.test.*` that pass when they exit with 0. Those in JavaScript and TypeScript run under
 * `node --test`. They have the limits and the walls of the script, and none of its secrets.
 */
export async function testScript(project: string, script: Script): Promise<ScriptTest[]> {
  const results: ScriptTest[] = []
  for (const file of script.tests) {
    const manifest = { ...script.manifest, timeoutMs: testMs }
    const path = join(project, file)
    const [program, ...rest] = interpreterFor(path, manifest) as [string, ...string[]]
    const isNode = ['.mjs', '.js', '.ts'].includes(extname(path))
    const wall = manifest.network ? undefined : await networkWall()
    const command = [
      ...(wall && 'command' in wall ? wall.command : []),
      ...limitsFor(path, manifest),
      program,
      ...(isNode ? ['--test'] : []),
      ...rest,
    ]
    const child = await BoundedChild.start({
      file: command[0]!,
      args: command.slice(1),
      env: {
        PATH: scriptPath(),
        HOME: project,
        LANG: 'C.UTF-8',
        PYTHONDONTWRITEBYTECODE: '1',
        REEVE_PROJECT: project,
      },
      cwd: join(project, manifest.folder),
      timeoutMs: testMs,
      countsWaiting: false,
      maxOutputBytes: 4_194_304,
    })
    child.write('')
    const end = await child.ended
    const passed = end.cause === 'exit' && end.exitCode === 0
    const why = end.cause === 'timeout' ? `it ran longer than ${testMs} ms\n` : ''
    const printed = `${end.stdout.toString('utf8')}${end.stderr.toString('utf8')}`.trim()
    results.push({
      script: script.name,
      file,
      passed,
      said: passed ? '' : why + lastCharacters(printed, 4000),
    })
  }
  return results
}
