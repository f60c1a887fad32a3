import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UsageError } from '../bench/runner/contract.ts'
import type { Json } from '../packages/reeve/src/base/json/json.ts'
import type { Grant } from '../packages/reeve/src/governance/grants/grant.ts'
import type { GovernedTool } from '../packages/reeve/src/governance/tools/governed-tool.ts'
import type { DescribedTool } from '../packages/reeve/src/governance/tools/infer-tool.ts'

export interface RecordedCall {
  name: string
  args: Record<string, Json>
}

export interface Turn {
  calls: RecordedCall[]
  results: { text: string; error?: string | null }[]
}

/** A recorded run, as `agent-traces/README.md` describes it. */
export interface Case {
  id: string
  kind: string
  user_task: string | null
  injection_task: string | null
  prompt: string
  turns: Turn[]
  injection_text?: string | null
  injected_calls?: { turn: number; call: number; role: string }[] | null
}

interface CallPattern {
  name: string[]
  contains: Record<string, string>
}

export interface Tasks {
  user_tasks: {
    user_task: string
    prompt: string
    ground_truth: (RecordedCall & { result?: string; error?: string })[] | null
  }[]
  injection_tasks: {
    injection_task: string
    goal: string
    ground_truth?: (RecordedCall & { result?: string })[] | null
    effect?: CallPattern[]
  }[]
}

/** What an operator writes for a suite: who may do what, and what the tools' own descriptions do not say. */
export interface GrantSheet {
  grants: Grant[]
  tools: Record<string, Partial<GovernedTool>>
}

export interface Suite {
  name: string
  system: string
  tools: DescribedTool[]
  sheet: GrantSheet
  tasks: Tasks
  cases: Case[]
}

const suites = ['shopping', 'banking', 'slack', 'travel', 'workspace']

/** The suites of the folder, or the one that the files hold. @throws UsageError */
export function readSuites(options: Record<string, string | true>): Suite[] {
  const folder = resolve(text(options, 'data') ?? join(import.meta.dirname, '../../shared/data/agent-traces'))
  const [cases, tools, tasks, grants] = ['cases', 'tools', 'tasks', 'grants'].map((name) =>
    text(options, name),
  )
  if (cases ?? tools ?? tasks) {
    if (!tools) throw new UsageError('--cases and --tasks need --tools FILE: the tools that the runs call.')
    const described = readJson<{ suite?: string; system?: string; tools: DescribedTool[] }>(tools)
    const name = described.suite ?? 'given'
    return [
      {
        name,
        system: described.system ?? '',
        tools: described.tools,
        sheet: sheetOf(grants, name),
        tasks: tasks ? readJson(tasks) : { user_tasks: [], injection_tasks: [] },
        cases: cases ? readLines(cases) : [],
      },
    ]
  }
  if (!existsSync(folder)) {
    throw new UsageError(
      `There is no folder ${folder}. Say where the recorded runs are: --data FOLDER, or --cases FILE --tools FILE.`,
    )
  }
  return suites.map((name) => {
    const described = readJson<{ system?: string; tools: DescribedTool[] }>(
      join(folder, `tools/${name}.json`),
    )
    const recorded = join(folder, `cases/${name}.jsonl`)
    return {
      name,
      system: described.system ?? '',
      tools: described.tools,
      sheet: sheetOf(undefined, name),
      tasks: readJson<Tasks>(join(folder, `tasks/${name}.json`)),
      cases: existsSync(recorded) ? readLines(recorded) : [],
    }
  })
}

/** The sheet that was given, else the one of this name beside this file, else: every tool, nothing declared. */
function sheetOf(file: string | undefined, suite: string): GrantSheet {
  const own = join(import.meta.dirname, `grants/${suite}.json`)
  const sheet = file
    ? readJson<Partial<GrantSheet>>(file)
    : existsSync(own)
      ? readJson<Partial<GrantSheet>>(own)
      : {}
  return { grants: sheet.grants ?? [{ tool: '*' }], tools: sheet.tools ?? {} }
}

function text(options: Record<string, string | true>, name: string): string | undefined {
  const value = options[name]
  if (value === true) throw new UsageError(`--${name} takes a file or folder.`)
  return value
}

function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch (error) {
    throw new UsageError(`${file} could not be read as JSON: ${(error as Error).message}`)
  }
}

function readLines(file: string): Case[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Case)
  } catch (error) {
    throw new UsageError(`${file} could not be read as one JSON object a line: ${(error as Error).message}`)
  }
}
