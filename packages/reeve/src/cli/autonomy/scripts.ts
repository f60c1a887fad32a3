import { inputsCheck } from '../../autonomy/inputs/input.ts'
import { networkWall } from '../../autonomy/scripts/network-wall.ts'
import { runScript } from '../../autonomy/scripts/run-script.ts'
import { testScript } from '../../autonomy/scripts/test-script.ts'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { parse } from '../../base/schema/schema.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { formatMs } from '../../base/time/time.ts'
import { loadProject } from '../../project/load.ts'
import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { readValue } from '../terminal/input.ts'
import { projectFolder } from '../terminal/workspace.ts'
import { ownScript, writtenScript, writtenScripts } from './written.ts'

export async function scriptList(cli: Cli): Promise<ExitCode> {
  const scripts = await writtenScripts(cli)
  const { terminal } = cli
  const { bold, dim } = terminal.colors
  terminal.value({ scripts })
  if (scripts.length === 0) terminal.line('The project has no scripts: see docs/directives.md.')
  for (const { name, file, description, effect, network, dryRun, tests } of scripts) {
    terminal.line(`${bold(safeLine(name))}  ${safeLine(description)}`)
    const proof = tests.length > 0 ? `${tests.length} files of tests` : dryRun ? 'a dry run' : 'no tests'
    terminal.line(dim(`  ${safeLine(file)}; ${effect}; ${network ? 'network' : 'no network'}; ${proof}`))
  }
  return exitCodes.done
}

export async function scriptShow(cli: Cli, _: object, name: string): Promise<ExitCode> {
  const script = await writtenScript(cli, name)
  const { terminal } = cli
  // What keeps it away is the worker's machine.
  const wall = script.network || cli.server ? undefined : await networkWall()
  const isWalled = wall !== undefined && 'command' in wall
  const network = script.network
    ? 'may use the network'
    : cli.server
      ? 'declares no network'
      : isWalled
        ? 'no network: it has one of its own, without a way out'
        : `declares no network, and nothing here keeps it away: ${wall && 'why' in wall ? wall.why : ''}`
  terminal.value({ ...script, ...(!cli.server && { networkWalled: isWalled }) })
  terminal.line(`${terminal.colors.bold(safeLine(name))}: ${safeLine(script.description)}`)
  for (const line of inputLines(script.inputs)) terminal.line(safeLine(line))
  terminal.line(
    `  ${script.effect}; at most ${formatMs(script.timeoutMs)}, ${script.memoryBytes / 1_048_576} MB`,
  )
  terminal.line(safeLine(`  ${network}`))
  terminal.line(safeLine(`  tool ${script.tool}; tests: ${script.tests.join(', ') || 'none'}`))
  return exitCodes.done
}

/** What it takes, by the JSON Schema of its inputs. */
function inputLines(schema: Json): string[] {
  const { properties, required } = schema as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(properties ?? {}).map(([name, input]) => {
    const { type, format, items, description } = input as Record<string, Json>
    const of =
      type === 'array' && isRecord(items) ? `list of ${items.type ?? 'any'}` : (format ?? type ?? 'any')
    const needed = required?.includes(name) ? ' (required)' : ''
    return `  --${name}: ${of}${needed}${description ? ` — ${description}` : ''}`
  })
}

export async function scriptTest(cli: Cli, _: object, name?: string): Promise<ExitCode> {
  const folder = projectFolder(cli)
  const scripts = name === undefined ? (await loadProject(folder)).scripts : [await ownScript(cli, name)]
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
  const script = await ownScript(cli, name)
  const { manifest } = script
  if (!changesNothing(manifest.effect) && !(dryRun && manifest.dryRun)) {
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
