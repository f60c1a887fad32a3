import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Bench, type BenchOptions, type BenchResult, UsageError } from './runner/contract.ts'
import { describeCommit, describeMachine } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const usage = 'npm run bench -- NAME [--json] [options], or npm run bench -- list'

/** Every `bench/NAME.ts` beside this file is a bench. */
function benchNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => file.slice(0, -'.ts'.length))
    .sort()
}

function parseOptions(args: string[]): BenchOptions {
  const options: BenchOptions = {}
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!
    if (!argument.startsWith('--'))
      throw new UsageError(`"${argument}" is not an option; options begin with --.`)
    const [name, inline] = argument.slice(2).split(/=(.*)/s, 2)
    const next = args[index + 1]
    if (inline !== undefined) options[name!] = inline
    else if (next === undefined || next.startsWith('--')) options[name!] = true
    else {
      options[name!] = next
      index++
    }
  }
  return options
}

function goalsTable(result: BenchResult): string {
  const rows = Object.entries(result.goals).map(([name, goal]) => [
    name,
    `${figure(goal.value)} ${goal.unit}`,
    `${goal.better === 'higher' ? '>=' : '<='} ${figure(goal.goal)} ${goal.unit}`,
    goal.ok ? 'met' : 'NOT MET',
  ])
  return table(['goal', 'measured', 'wanted', 'result'], rows)
}

async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args
  const names = benchNames()
  if (name === 'list') {
    process.stdout.write(`${names.join('\n')}\n`)
    return
  }
  if (name === undefined || !names.includes(name)) {
    const wrong = name === undefined ? 'Name a bench' : `There is no bench "${name}"`
    throw new UsageError(`${wrong}. Benches: ${names.join(', ')}.\n${usage}`)
  }
  const { json, ...options } = parseOptions(rest)
  const module = (await import(pathToFileURL(join(import.meta.dirname, `${name}.ts`)).href)) as { run: Bench }
  const machine = describeMachine()
  const commit = describeCommit()
  const result = await module.run(options)
  const at = new Date().toISOString()
  if (json) {
    const { goals, raw } = result
    process.stdout.write(`${JSON.stringify({ name, goals, raw, machine, at, commit })}\n`)
    return
  }
  const where = `${machine.cpus} × ${machine.model}, ${machine.kernel}, Node ${machine.node}, SQLite ${machine.sqlite}, write+fdatasync ${machine.fsyncMs} ms, commit ${commit}, ${at}`
  const parts = [where, result.summary, goalsTable(result)].filter((part) => part !== undefined)
  process.stdout.write(`${parts.join('\n\n')}\n`)
}

// Ends through `exit`, so that a bench can stop its children and remove its data.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  await main(process.argv.slice(2))
} catch (error) {
  const mistaken = error instanceof UsageError
  process.stderr.write(`${mistaken ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = mistaken ? 2 : 1
}
