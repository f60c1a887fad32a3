import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { goalOf } from '../../../../bench/runner/contract.ts'
import { describeCommit, describeMachine } from '../../../../bench/runner/machine.ts'

/** Of the report of the test runner, what is read here. */
interface Report {
  testResults: {
    assertionResults: {
      ancestorTitles: string[]
      title: string
      status: string
      meta: { doesNotApply?: string }
    }[]
  }[]
}

/** What became of the checks of one connector. */
interface Told {
  passed: number
  failed: string[]
  doesNotApply: { check: string; why: string }[]
}

/**
 * The contract suite over every connector, or over one: `npm run test:connectors [NAME] [-- --json]`. A check that does not apply to a
 * connector is told with its reason; with `--json` the last line of stdout is an object as a bench prints it.
 */
const given = process.argv.slice(2)
const name = given.find((each) => !each.startsWith('-')) ?? 'all'
const isJson = given.includes('--json')
// Started services and processes take their time on a busy machine.
const patience = ['--testTimeout=300000', '--hookTimeout=300000']
const suites = [
  'contract.test.ts',
  'deaths.test.ts',
  ...(name === 'all' || name === 'email' ? ['email/letter-bombs.test.ts'] : []),
].map((file) => fileURLToPath(new URL(file, import.meta.url)))

const folder = mkdtempSync(join(tmpdir(), 'reeve-connectors-'))
try {
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { status } = spawnSync('npx', ['vitest', 'run', ...suites, ...patience, ...reporters], {
    stdio: ['ignore', isJson ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, CONNECTORS: name },
  })
  process.exitCode = status ?? 1
  const connectors = toldOf(JSON.parse(readFileSync(file, 'utf8')) as Report)
  process.stdout.write(isJson ? `${JSON.stringify(objectOf(connectors))}\n` : wordsOf(connectors))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function toldOf({ testResults }: Report): Map<string, Told> {
  const all = new Map<string, Told>()
  for (const { ancestorTitles, title, status, meta } of testResults.flatMap(
    (each) => each.assertionResults,
  )) {
    const connector = ancestorTitles[0] ?? 'the suite'
    const told = all.get(connector) ?? { passed: 0, failed: [], doesNotApply: [] }
    all.set(connector, told)
    if (status === 'passed') told.passed++
    else if (meta.doesNotApply !== undefined) told.doesNotApply.push({ check: title, why: meta.doesNotApply })
    // What was left out for no reason counts as what failed.
    else told.failed.push(title)
  }
  return all
}

function objectOf(connectors: Map<string, Told>): object {
  const all = [...connectors.values()]
  const sum = (of: (told: Told) => number) => all.reduce((total, told) => total + of(told), 0)
  const held = [...connectors].filter(([its, { failed }]) => its !== 'the suite' && failed.length === 0)
  const count = connectors.size - (connectors.has('the suite') ? 1 : 0)
  return {
    name: 'test:connectors',
    goals: {
      connectors: goalOf(held.length, Math.max(count, 1), 'connectors that hold'),
      failed: goalOf(
        sum(({ failed }) => failed.length),
        0,
        'checks',
        'lower',
      ),
      passed: goalOf(
        sum(({ passed }) => passed),
        1,
        'checks',
      ),
    },
    raw: { connectors: Object.fromEntries(connectors) },
    machine: describeMachine(),
    at: new Date().toISOString(),
    commit: describeCommit(),
  }
}

function wordsOf(connectors: Map<string, Told>): string {
  const lines = [...connectors].flatMap(([its, { passed, failed, doesNotApply }]) => [
    `${its}: ${passed} passed, ${failed.length} failed, ${doesNotApply.length} do not apply`,
    ...failed.map((check) => `  FAILED: ${check}`),
    ...doesNotApply.map(({ check, why }) => `  does not apply: ${check} (${why})`),
  ])
  return `\n${lines.join('\n')}\n`
}
