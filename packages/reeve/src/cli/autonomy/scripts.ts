import { inputsCheck, inputsSchema } from '../../autonomy/inputs/input.ts'
import { networkWall } from '../../autonomy/scripts/network-wall.ts'
import { runScript } from '../../autonomy/scripts/run-script.ts'
import type { Script } from '../../autonomy/scripts/script.ts'
import { testScript } from '../../autonomy/scripts/test-script.ts'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { parse } from '../../base/schema/schema.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { formatMs } from '../../base/time/time.ts'
import { loadProject } from '../../project/load.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readValue } from '../terminal/input.ts'
import { projectFolder } from '../terminal/workspace.ts'

export async function scriptList(cli: Cli): Promise<ExitCode> {
  const { scripts } = await loadProject(projectFolder(cli))
  const { terminal } = cli
  const { bold, dim } = terminal.colors
  terminal.value({ scripts: scripts.map(shown) })
  if (scripts.length === 0) terminal.line('The project has no scripts: see docs/directives.md.')
  for (const { name, file, manifest, tests } of scripts) {
    terminal.line(`${bold(safeLine(name))}  ${safeLine(manifest.description)}`)
    const proof =
      tests.length > 0 ? `${tests.length} files of tests` : manifest.dryRun ? 'a dry run' : 'no tests'
    terminal.line(
      dim(
        `  ${safeLine(file)}; ${manifest.effect}; ${manifest.network ? 'network' : 'no network'}; ${proof}`,
      ),
    )
  }
  return exitCodes.done
}

export async function scriptShow(cli: Cli, _: object, name: string): Promise<ExitCode> {
  const script = await required(cli, name)
  const { terminal } = cli
  const { manifest } = script
  const wall = manifest.network ? undefined : await networkWall()
  const network = manifest.network
    ? 'may use the network'
    : wall && 'command' in wall
      ? 'no network: it has one of its own, without a way out'
      : `declares no network, and nothing here keeps it away: ${wall && 'why' in wall ? wall.why : ''}`
  terminal.value({ ...shown(script), networkWalled: wall !== undefined && 'command' in wall })
  terminal.line(`${terminal.colors.bold(safeLine(name))}: ${safeLine(manifest.description)}`)
  for (const { name: input, type, required: needed, description } of manifest.inputs)
    terminal.line(
      safeLine(
        `  --${input}: ${type}${needed ? ' (required)' : ''}${description ? ` — ${description}` : ''}`,
      ),
    )
  terminal.line(
    `  ${manifest.effect}; at most ${formatMs(manifest.timeoutMs)}, ${manifest.memoryBytes / 1_048_576} MB`,
  )
  terminal.line(safeLine(`  ${network}`))
  terminal.line(safeLine(`  tool ${script.tool.name}; tests: ${script.tests.join(', ') || 'none'}`))
  return exitCodes.done
}

export async function scriptTest(cli: Cli, _: object, name?: string): Promise<ExitCode> {
  const folder = projectFolder(cli)
  const scripts = name === undefined ? (await loadProject(folder)).scripts : [await required(cli, name)]
  const { terminal } = cli
  const { green, red, dim } = terminal.colors
  const results = []
  for (const script of scripts) {
    if (script.tests.length === 0) terminal.line(dim(`- ${safeLine(script.name)} has no tests`))
    for (const result of await testScript(folder, script)) {
      results.push(result)
      terminal.line(`${result.passed ? green('✓') : red('✗')} ${safeLine(result.file)}`)
      for (const line of result.said.split('\n').filter(Boolean)) terminal.line(`    ${safeLine(line)}`)
    }
  }
  terminal.value({ tests: results })
  return results.every(({ passed }) => passed) ? exitCodes.done : exitCodes.failed
}

interface TryOptions {
  input?: string
  dryRun?: boolean
}

/** By hand and outside of any run: only what changes nothing. */
export async function scriptRun(
  cli: Cli,
  { input, dryRun = false }: TryOptions,
  name: string,
): Promise<ExitCode> {
  const script = await required(cli, name)
  const { manifest } = script
  if (manifest.effect !== 'read' && !(dryRun && manifest.dryRun)) {
    const advice = manifest.dryRun
      ? 'Add --dry-run, or let a directive or a workflow call it.'
      : 'Let a directive or a workflow call it.'
    throw new ReeveError(
      'bad-option',
      `Script "${name}" changes something (${manifest.effect}), and nothing would remember it. ${advice}`,
    )
  }
  const given = input === undefined ? {} : await readValue(input, 'The input')
  const inputs = parse(inputsCheck(manifest.inputs, 'The inputs'), given, `The input of script "${name}"`)
  const { signal } = new AbortController()
  const result = await runScript(projectFolder(cli), script, inputs as Record<string, Json>, {
    key: 'by-hand',
    signal,
    dryRun,
  })
  cli.terminal.value({ result })
  cli.terminal.line(safeLine(JSON.stringify(result)))
  return exitCodes.done
}

async function required(cli: Cli, name: string): Promise<Script> {
  const { scripts } = await loadProject(projectFolder(cli))
  const found = scripts.find((script) => script.name === name)
  if (found) return found
  throw new ReeveError(
    'unknown-script',
    `There is no script "${name}". ${nameAdvice(
      name,
      scripts.map((script) => script.name),
    )}`,
  )
}

function shown({ name, file, manifest, hash, tests, tool }: Script) {
  const { inputs, ...rest } = manifest
  return { name, file, tool: tool.name, inputs: inputsSchema(inputs), ...rest, hash, tests }
}
