import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The contract suite over every connector, or over one: `npm run test:connectors [NAME] [-- --json]`. */
const given = process.argv.slice(2)
const name = given.find((each) => !each.startsWith('-')) ?? 'all'
// Started services and processes take their time on a busy machine.
const patience = ['--testTimeout=60000', '--hookTimeout=60000']
const reporter = given.includes('--json') ? ['--reporter=json'] : []
const suites = [
  'contract.test.ts',
  'deaths.test.ts',
  ...(name === 'all' || name === 'email' ? ['email/letter-bombs.test.ts'] : []),
].map((file) => fileURLToPath(new URL(file, import.meta.url)))
const { status } = spawnSync('npx', ['vitest', 'run', ...suites, ...patience, ...reporter], {
  stdio: 'inherit',
  env: { ...process.env, CONNECTORS: name },
})
process.exitCode = status ?? 1
