import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { interpreter, type ScriptCandidate } from './candidate.ts'
import { pythonProgram } from './python.ts'
import { quarantineEnvironment, runQuarantined } from './quarantine.ts'

/** A program, one in each language, that drives a candidate from beside it, behind the walls. */
export interface Driver {
  node: string
  python: string
  /** Whether it is to be the one in Python. */
  isPython: boolean
  timeoutMs: number
  /** What it reads, beside the script's path and interpreter and the mark that its lines begin with. */
  input: { [name: string]: unknown }
  env?: Readonly<Record<string, string>>
}

/** Runs a driver in one quarantine. Answers its lines, in their order; those of the script are none. */
export async function runDriver(candidate: ScriptCandidate, driver: Driver): Promise<unknown[]> {
  const { project, script, source, signal } = candidate
  const path = join(project, script.file)
  const mark = randomUUID()
  const command = driver.isPython
    ? [(await pythonProgram()) ?? '/usr/bin/python3', '-c', driver.python]
    : [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', driver.node]
  const { timeoutMs } = driver
  const manifest = { ...script.manifest, timeoutMs, memoryBytes: script.manifest.memoryBytes * 2 }
  const { end } = await runQuarantined({
    ...{ project, source, manifest, signal, command },
    file: script.file,
    input: JSON.stringify({
      ...{ path, mark, ...driver.input },
      command: await interpreter(path, source, script.manifest),
    }),
    env: { ...quarantineEnvironment(project, script.manifest), ...driver.env },
    network: false,
    maxOutputBytes: 8_388_608,
  })
  return end.stdout
    .toString('utf8')
    .split('\n')
    .filter((each) => each.startsWith(mark))
    .map((each) => JSON.parse(each.slice(mark.length)))
}
