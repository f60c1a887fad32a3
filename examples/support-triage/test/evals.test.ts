import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const project = join(import.meta.dirname, '..')
const reeve = join(dirname(createRequire(import.meta.url).resolve('reeve/package.json')), 'bin/reeve.js')

test('the letters of the inbox are triaged as well as when the baseline was written, and no receiver hears of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'triage-eval-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const receivers = join(folder, 'receivers')
  const xml = join(folder, 'evals.xml')
  const environment = {
    ...process.env,
    // As a user's command: by the build, where it is up to date.
    NODE_OPTIONS: undefined,
    DATABASE_URL: `file:${join(folder, 'reeve.db')}`,
    RECEIVERS_DIR: receivers,
    ANTHROPIC_API_KEY: '',
  }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [reeve, 'eval', 'inbox', '--json', '--junit', xml],
    { cwd: project, env: environment, maxBuffer: 2 ** 26 },
  )
  const [result] = JSON.parse(stdout).results
  expect(result).toMatchObject({ verdict: 'passed', count: 72, costUsd: 0, baseline: { sameData: true } })
  expect(result.scorers['exact facts.category'].mean).toBeGreaterThan(0.85)
  expect(readFileSync(xml, 'utf8')).toMatch(/<testsuite name="inbox" tests="360" failures="\d+"/)
  expect(() => readFileSync(join(receivers, 'place.json'))).toThrow()
})
