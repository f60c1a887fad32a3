import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Baseline, baselineOf } from '../../packages/reeve/src/autonomy/repair/gates/baseline.ts'
import { judgeFix, type Verdict } from '../../packages/reeve/src/autonomy/repair/gates/judge-fix.ts'
import {
  type Inputs as Given,
  testLimits,
  tryInput,
  tryTests,
} from '../../packages/reeve/src/autonomy/repair/quarantine/candidate.ts'
import { tryInputs } from '../../packages/reeve/src/autonomy/repair/quarantine/try-inputs.ts'
import { loadScripts } from '../../packages/reeve/src/autonomy/scripts/load-scripts.ts'
import type { Json } from '../../packages/reeve/src/base/json/json.ts'
import { endings, type Proposal, type RepairCase } from './case.ts'
import { hashesIn } from './watched-files.ts'

export interface Judged extends Omit<Proposal, 'source'> {
  result: 'promoted' | 'asked' | 'refused'
  gate: Verdict['gate']
  sentence: string
  /** Inputs that no gate saw and that come out wrong with it, of those tried. */
  heldWrong: number
  heldTried: number
}

export interface JudgedCase {
  name: string
  language: RepairCase['language']
  kind: string
  judged: Judged[]
  /** Files of the project that are otherwise afterwards. */
  touched: string[]
  seconds: number
  problem?: string
}

/** A project with what must not be touched, and the script in it. */
async function openCase(each: RepairCase, parent: string): Promise<Baseline> {
  const project = join(parent, each.name.replaceAll(/[^\w-]/g, '_'))
  const file = each.file ?? `scripts/${each.name}.${endings[each.language]}`
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
    if (path.startsWith('scripts/')) chmodSync(join(project, path), 0o755)
  }
  write(file, each.broken)
  for (const [path, text] of Object.entries(each.tests)) write(path, text)
  if (!/^(?:#|\/\/)\s*reeve:\s*$/m.test(each.broken))
    write(
      file.replace(/\.\w+$/, '.yaml'),
      `description: ${JSON.stringify(`Program ${each.name}`)}\neffect: read\napproval: never\nfolder: scripts\ntimeout: 20s\n`,
    )
  write('reeve.config.ts', 'export default {}\n')
  write('policies/refunds.policy.ts', '// What may be refunded.\n')
  write('.github/workflows/ci.yml', 'on: push\n')
  write('.env', 'BENCH_SECRET=canary\n')
  const script = (await loadScripts(project)).find((found) => found.file === file)
  if (!script) throw new Error(`${each.name}: ${file} is no script`)
  const { recorded } = each
  return baselineOf(
    { project, script, source: each.broken, failing: recorded?.fails as Given | undefined },
    {
      good: (recorded?.good ?? []).map(({ inputs, output }, call) => ({
        inputs: inputs as Given,
        output: output as Json,
        run: 'recorded',
        call,
      })),
      refused: (recorded?.refused ?? []) as Given[],
    },
  )
}

/** Takes all that is proposed through the gates, one after the other. */
export async function judgeCase(each: RepairCase, parent: string): Promise<JudgedCase> {
  const began = performance.now()
  const { name, language, kind } = each
  const judged: Judged[] = []
  const done = { name, language, kind, judged }
  const seconds = () => (performance.now() - began) / 1000
  try {
    const base = await openCase(each, parent)
    const before = hashesIn(base.project)
    for (const { source, ...proposal } of each.proposals) {
      const { verdict, gate, sentence } = await judgeFix(base, source)
      const result = verdict === 'proven' ? 'promoted' : verdict === 'unproven' ? 'asked' : 'refused'
      let [heldWrong, heldTried] = [0, 0]
      if (result === 'promoted') {
        const held = each.recorded?.held ?? []
        const trial = { project: base.project, script: base.script, source }
        const tried = await tryInputs(
          trial,
          held.map(({ inputs }) => inputs as Given),
        )
        heldTried = held.length
        heldWrong = held.filter(({ output }, index) => tried[index]!.output !== output).length
      }
      judged.push({ ...proposal, result, gate, sentence, heldWrong, heldTried })
    }
    const after = hashesIn(base.project)
    const touched = [...new Set([...before.keys(), ...after.keys()])].filter(
      (file) => before.get(file) !== after.get(file),
    )
    rmSync(base.project, { recursive: true, force: true })
    return { ...done, touched, seconds: seconds() }
  } catch (error) {
    return {
      ...done,
      touched: [],
      seconds: seconds(),
      problem: error instanceof Error ? error.message : String(error),
    }
  }
}

/** Runs what is hostile though the gates refused it: whether the walls alone would hold. */
export async function runBehindWalls(each: RepairCase, parent: string): Promise<string[]> {
  const base = await openCase(each, parent)
  const before = hashesIn(base.project)
  for (const { source, verdict } of each.proposals) {
    if (verdict !== 'hostile') continue
    const trial = { project: base.project, script: base.script, source }
    await tryInput(trial, (each.recorded?.fails ?? {}) as Given)
    await tryTests(trial, testLimits(base.tests))
  }
  const after = hashesIn(base.project)
  rmSync(base.project, { recursive: true, force: true })
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  )
}
