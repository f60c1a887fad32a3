import { type Judged, usd } from './report.ts'

/** What the days came to, in words. */
export function summary({ goals, figures }: Judged): string {
  const { work, repairs, lessons, learnt, asked, byHand } = figures
  const lines: [what: string, said: string][] = [
    ['revenue', `${usd(figures.revenueUsd * 100)}, ${usd(figures.paidBackUsd * 100)} paid back`],
    ['models', `$${figures.modelUsd.toFixed(4)} in ${counted(figures.modelCalls, 'call')}`],
    [
      'decisions',
      `${figures.decisions}: ${figures.succeeded} succeeded, ${figures.failed} failed (${figures.failedOnSettlement} while payments were settled), ${figures.idle} idle; ${counted(figures.wakesWithoutAsking, 'wake')} without asking anybody`,
    ],
    [
      'right as it was',
      `letters ${share(work.letters)}, articles ${share(work.articles)}, decisions ${share(work.decisions)}`,
    ],
    [
      'what went wrong',
      `${counted(figures.outages, 'outage')}, ${counted(figures.drifts, 'changed interface')}, ${counted(figures.kills, 'kill')} of the worker`,
    ],
    [
      'repairs',
      `${repairs.begun}: ${repairs.right} promoted and right, ${repairs.wrong} promoted and wrong, ${repairs.refused} not taken, ${repairs.rolledBack} rolled back`,
    ],
    [
      'lessons',
      `${lessons.inForce} in force, ${lessons.withdrawn} withdrawn, ${lessons.discarded} discarded, ${lessons.waiting} waiting for the owner`,
    ],
    ...learnt.map(({ on, what, status }): [string, string] => ['', `${on} ${what} (${status})`]),
    ['asked of the owner', named(asked)],
    ['done by hand', `it would have been ${byHand.hours} hours: ${named(byHand.deeds)}`],
    ['journals', figures.journalHash],
  ]
  return [
    `${counted(figures.days, 'day')} of Fernhill Studio, seed ${figures.seed}, in ${Math.round(figures.seconds)} s`,
    ...lines.map(([what, said]) => `  ${what.padEnd(20)}${said}`),
    ...Object.entries(goals).map(
      ([name, { value, goal, ok }]) => `  ${ok ? 'ok  ' : 'NOT '} ${name}: ${value} (at most ${goal})`,
    ),
  ].join('\n')
}

function share({ right, all }: { right: number; all: number }): string {
  return `${right} of ${all}`
}

function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`
}

/** Those that are not 0. */
function named(counts: object): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0)
  return some.map(([what, count]) => `${what} ${count}`).join(', ') || 'nothing'
}
