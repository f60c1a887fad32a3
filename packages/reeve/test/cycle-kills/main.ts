import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '../crash/campaign.ts'
import { boundariesIn, runTrial, type TrialResult } from './trial.ts'

const usage = `npm run test:cycles -- [--sample N] [--seed S] [--jobs N] [--json]

Kills (SIGKILL) a process whose daemon is at work, at every boundary of its cycles: as it gathers, decides, executes (before the deed and
after it), checks, records and queues the next cycle, and before and after each write. One in four of those that go on is killed too. Exit
code 1 when something was done twice, lost, or does not go on.

  --sample N  only so many boundaries, drawn by the seed (default: all)
  --seed S    for what is drawn (default: 1)
  --jobs N    trials at one time (default: one per processor)
  --json      one JSON object as the last line
`

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const place = join(import.meta.dirname, '..', '.tmp', `cycles-${process.pid}`)
  mkdirSync(place, { recursive: true })
  const draw = seeded(`${values.seed} cycles`)
  const whole = await runTrial([], place, place)
  const boundaries = boundariesIn(whole)
  const all = Array.from({ length: boundaries }, (_, index) => index + 1)
  const chosen =
    values.sample === undefined
      ? all
      : Array.from({ length: Number(values.sample) }, () => all[Math.floor(draw() * all.length)]!)
  const plans = chosen.map((boundary) =>
    draw() < 0.25 ? [{ boundary }, { boundary: 1 + Math.floor(draw() * boundaries) }] : [{ boundary }],
  )
  const results: TrialResult[] = [whole]
  const lane = async () => {
    for (let deaths = plans.shift(); deaths; deaths = plans.shift()) {
      const result = await runTrial(deaths, place, place)
      results.push(result)
      if (result.violations.length > 0) process.stderr.write(`${JSON.stringify(result)}\n`)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs ?? availableParallelism()) }, lane))
  const failures = results.filter(({ violations }) => violations.length > 0)
  const kills = results.reduce((sum, result) => sum + result.kills, 0)
  if (failures.length === 0) rmSync(place, { recursive: true, force: true })
  const sum = { boundaries, trials: results.length, kills, failures: failures.length }
  process.stdout.write(
    `${sum.boundaries} boundaries, ${sum.trials} trials, ${sum.kills} kills: ${sum.failures === 0 ? 'nothing was lost or done twice' : `${sum.failures} trials are wrong`}\n`,
  )
  if (values.json) process.stdout.write(`${JSON.stringify(sum)}\n`)
  return failures.length === 0 && kills >= chosen.length ? 0 : 1
}
