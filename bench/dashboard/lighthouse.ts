import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launchChrome } from '../../packages/dashboard/test/chrome.ts'
import { install } from '../engine/installation.ts'
import { type BenchResult, goalOf } from '../runner/contract.ts'
import { startMember } from '../runner/member.ts'
import { table } from '../runner/table.ts'
import type { StageMessage } from './contract.ts'

const program = join(import.meta.dirname, 'process.ts')

const pagesOf = (run: string) => ['/', '/inbox', '/runs', `/runs/${run}`, '/workflows', '/costs', '/system']

/** The stream of events never ends: a page that is still loading after so long is judged as it stands. */
const patienceMs = 15_000

interface Figures {
  /** 0 to 1. */
  performance: number
  accessibility: number
  interactiveMs: number
  largestPaintMs: number
  blockedMs: number
  layoutShift: number
  /** What it transfers until it rests. */
  kib: number
  /** Of the machine, as Lighthouse measures it: below 1000 or so the figures say more of it than of the page. */
  machine: number
}

interface Report {
  categories: Record<string, { score: number }>
  audits: Record<string, { numericValue?: number; score: number | null; title: string }>
  environment: { benchmarkIndex: number }
}

type Lighthouse = (url: string, flags: object) => Promise<{ lhr: Report }>

/**
 * Opens each page as Lighthouse does with its standard settings: a telephone with a processor four times slower than this one,
 * 150 ms away over a line of 1.6 Mbit/s. Of each figure the median of the rounds counts.
 */
export async function measurePages(rounds: number): Promise<BenchResult> {
  const lighthouse = await loadLighthouse()
  const member = startMember<StageMessage>(program, {})
  try {
    const [said] = await member.until((messages) => messages.length > 0)
    const { url, cookie, run } = said!
    const port = await freePort()
    const browser = await launchChrome([`--remote-debugging-port=${port}`])
    const measured: Record<string, Figures> = {}
    const complaints: Record<string, string[]> = {}
    try {
      for (const path of pagesOf(run)) {
        const page = path.startsWith('/runs/') ? '/runs/RUN' : path
        const reports: Report[] = []
        for (let round = 0; round < rounds; round++) {
          const { lhr } = await lighthouse(`${url}${path}`, {
            port,
            output: 'json',
            logLevel: 'error',
            extraHeaders: { cookie },
            maxWaitForLoad: patienceMs,
            onlyCategories: ['performance', 'accessibility'],
          })
          reports.push(lhr)
        }
        measured[page] = medianOf(reports.map(figuresOf))
        complaints[page] = complaintsOf(reports.at(-1)!)
        const { performance, accessibility, interactiveMs } = measured[page]
        process.stderr.write(
          `  ${page}: ${performance.toFixed(2)}, accessibility ${accessibility.toFixed(2)}, interactive after ${Math.round(interactiveMs)} ms\n`,
        )
      }
    } finally {
      await browser.close()
    }
    const all = Object.values(measured)
    return {
      goals: {
        performance: goalOf(Math.min(...all.map((each) => each.performance)), 0.95, 'of 1, the worst page'),
        accessibility: goalOf(
          Math.min(...all.map((each) => each.accessibility)),
          0.95,
          'of 1, the worst page',
        ),
        interactive: goalOf(
          Math.max(...all.map((each) => each.interactiveMs)),
          2000,
          'ms, the slowest page',
          'lower',
        ),
      },
      raw: { rounds, pages: measured, complaints },
      summary: table(
        [
          'page',
          'performance',
          'accessibility',
          'interactive ms',
          'largest paint ms',
          'blocked ms',
          'layout shift',
          'KiB',
          'machine',
        ],
        Object.entries(measured).map(([page, its]) => [
          page,
          its.performance.toFixed(2),
          its.accessibility.toFixed(2),
          ...[its.interactiveMs, its.largestPaintMs, its.blockedMs].map((ms) => ms.toFixed(0)),
          its.layoutShift.toFixed(3),
          its.kib.toFixed(0),
          its.machine.toFixed(0),
        ]),
      ),
    }
  } finally {
    await member.end('SIGTERM')
  }
}

async function loadLighthouse(): Promise<Lighthouse> {
  const folder = await install('lighthouse', (text) => process.stderr.write(`${text}\n`))
  const path = createRequire(join(folder, 'package.json')).resolve('lighthouse')
  const { default: lighthouse } = (await import(pathToFileURL(path).href)) as { default: Lighthouse }
  return lighthouse
}

function figuresOf({ categories, audits, environment }: Report): Figures {
  const of = (audit: string) => audits[audit]?.numericValue ?? Number.NaN
  return {
    performance: categories.performance!.score,
    accessibility: categories.accessibility!.score,
    interactiveMs: of('interactive'),
    largestPaintMs: of('largest-contentful-paint'),
    blockedMs: of('total-blocking-time'),
    layoutShift: of('cumulative-layout-shift'),
    kib: of('total-byte-weight') / 1024,
    machine: environment.benchmarkIndex,
  }
}

function medianOf(all: Figures[]): Figures {
  const names = Object.keys(all[0]!) as (keyof Figures)[]
  const median = (name: keyof Figures) =>
    all.map((each) => each[name]).sort((one, other) => one - other)[Math.floor((all.length - 1) / 2)]!
  return Object.fromEntries(names.map((name) => [name, median(name)])) as unknown as Figures
}

/** What it names as worth mending. */
function complaintsOf({ audits }: Report): string[] {
  return Object.values(audits).flatMap(({ score, title }) => (score !== null && score < 0.9 ? [title] : []))
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
