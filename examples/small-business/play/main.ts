import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Business } from './business.ts'
import { diesAt, killPlayer, momentsUntil } from './kill-player.ts'
import { dayLine, judge } from './report.ts'
import { summary } from './summary.ts'

const help = `npm run business -- [options]

  --days N         how many days (90)
  --seed N         another world (1)
  --speed MS       the least that a day takes, in milliseconds (0: as fast as it goes)
  --learning off   neither learns by night nor repairs what breaks: the owner mends (on)
  --fresh          begin anew, where there is a business of that seed to go on with
  --calm           no faults, no outages, no kills
  --kill-player N  the player itself is killed so often, at moments that chance chooses, and goes on (0)
  --port N         of the site; the other services of the world follow (4801)
  --page N         of the dashboard (4100); none: it is not served
  --folder PATH    where it is kept (.reeve/business/seed-N)
  --json           goals as JSON on the last line`

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string', default: '0' },
    learning: { type: 'string', default: 'on' },
    fresh: { type: 'boolean', default: false },
    calm: { type: 'boolean', default: false },
    'kill-player': { type: 'string' },
    port: { type: 'string', default: '4801' },
    page: { type: 'string', default: 'none' },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(help)
else if (values['kill-player'] !== undefined) process.exitCode = await killed(Number(values['kill-player']))
else await main()

function killed(kills: number): Promise<number> {
  const given = process.argv.slice(2)
  const at = given.findIndex((each) => each.startsWith('--kill-player'))
  given.splice(at, given[at] === '--kill-player' ? 2 : 1)
  const onKill = (no: number) => console.error(`The player is killed (${no} of ${kills}).`)
  return killPlayer(given, { kills, seed: Number(values.seed), days: Number(values.days), onKill })
}

async function main(): Promise<void> {
  if (values.learning !== 'off' && values.learning !== 'on')
    throw new Error(`--learning is ${JSON.stringify(values.learning)}; it takes on or off.`)
  const seed = Number(values.seed)
  const folder = values.folder ?? join(import.meta.dirname, `../.reeve/business/seed-${seed}`)
  if (values.fresh) Business.remove(folder)
  const began = performance.now()
  const business = await Business.open({
    folder,
    seed,
    days: Number(values.days),
    port: Number(values.port),
    page: values.page,
    dayTakesMs: Number(values.speed),
    hasFaults: !values.calm,
    isLearning: values.learning === 'on',
    onDay: (each) => console.error(dayLine(each)),
    onPage: (link) => console.error(`The dashboard: ${link}`),
    onNote: (note) => console.error(note),
    onMoment: momentsUntil(Number(process.env[diesAt] ?? Number.POSITIVE_INFINITY)),
  })
  try {
    await business.play()
    const seconds = (performance.now() - began) / 1000
    const judged = judge(business, seconds)
    console.log(summary(judged))
    if (values.json) console.log(JSON.stringify(judged))
    if (Object.values(judged.goals).some(({ ok }) => !ok)) process.exitCode = 1
  } finally {
    await business.close()
  }
}
