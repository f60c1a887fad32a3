import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { projectOf, ReeveError, type RunHandle, Runtime, readEnvironment } from 'reeve'
import { internalsOf, openBrowser, openPage, type Page } from 'reeve/internal'
import { readInbox } from './ingest/read-inbox.ts'
import { startTicket } from './ingest/start-ticket.ts'
import type { Ticket } from './ingest/ticket.ts'
import { printReport } from './report/print-report.ts'
import { Progress } from './report/progress.ts'
import { readReport, type StartedTicket } from './report/read-report.ts'
import { train, triageConfig } from './triage-config.ts'
import supportTriage, { supportTriageFor } from './workflows/support-triage.ts'

const usage = `Usage: npm run triage -- [--inbox FILE.csv|FILE.jsonl|FOLDER] [--knowledge FILE.jsonl|FOLDER]
                         [--train FILE.csv|FILE.jsonl] [--limit N] [--json]
       npm start: the same with its page, until Ctrl-C; npm start -- --no-open opens no browser,
       --port N serves it elsewhere than on 4100`

const folder = import.meta.dirname
const options = readOptions()

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        inbox: { type: 'string', default: 'inbox' },
        knowledge: { type: 'string', default: 'knowledge' },
        train: { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean', default: false },
        serve: { type: 'boolean', default: false },
        port: { type: 'string' },
        'no-open': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    console.error(`triage: ${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

/** A path from the command line counts from where the command was typed; the defaults lie in this folder. */
function place(path: string): string {
  const typed = resolve(process.env.INIT_CWD ?? process.cwd(), path)
  const found = [typed, resolve(folder, path)].find((one) => existsSync(one))
  if (found === undefined) throw new Error(`there is no ${typed}`)
  return found
}

/** Tickets that are started together; the next ones follow when no more than so many are under way. */
const window = 256

async function main(): Promise<void> {
  if (options.help) {
    console.log(usage)
    return
  }
  const begun = performance.now()
  const inbox = place(options.inbox)
  const training = await train(options.train === undefined ? undefined : place(options.train))
  const trainedMs = performance.now() - begun
  const environment = readEnvironment(folder)
  const workflow = options.train === undefined ? supportTriage : supportTriageFor(training.categories)
  workflow.name ||= 'support-triage'
  const project = projectOf(triageConfig(training, [place(options.knowledge)]), [workflow], folder)
  const runtime = await Runtime.open({ project, environment })
  const progress = new Progress(options.json)
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  let page: Page | undefined
  try {
    if (options.serve) page = await openPage(runtime, { port: options.port, isAttended: isAttended() })
    await runtime.start()
    if (page) tellPage(page)
    for (const { problems } of await runtime.readKnowledge())
      for (const { where, problem } of problems) progress.note(`${where}: ${problem}`)
    for (const problem of training.problems) progress.note(problem)
    progress.begin(`Reading ${basename(inbox)}: ${solversOf(runtime)}`)
    const startedAt = performance.now()
    const start = (ticket: Ticket, other: () => void) =>
      startTicket(runtime, workflow, ticket, environment.user, (text) => {
        progress.note(text)
        other()
      })
    const { tickets, sameId } = await triageInbox(runtime, inbox, start, progress, interrupted.signal)
    if (interrupted.signal.aborted) {
      console.error('\nStopped: what was done is kept; start again to go on where this left off.')
      process.exitCode = 130
      return
    }
    const times = { elapsedMs: performance.now() - startedAt, trainedMs }
    const report = await readReport(internalsOf(runtime).database, tickets, { ...times, sameId })
    progress.close()
    if (options.json) console.log(JSON.stringify(report))
    else printReport(report, relative(process.env.INIT_CWD ?? process.cwd(), folder))
    if (!page) return
    if (!options.json) console.log(`\nDecide it on the page, and watch it go on: ${page.url} (Ctrl-C stops)`)
    if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort')
  } finally {
    await page?.close()
    await runtime.stop(3000)
  }
}

/** Says where the page is, and opens it for a person. */
function tellPage({ url, signIn, signInCommand }: Page): void {
  const at = relative(process.env.INIT_CWD ?? process.cwd(), folder)
  const later = `Sign in: ${signInCommand}${at === '' ? '' : ` --project ${at}`}`
  const lines = [
    `The page: ${url}`,
    signIn === undefined ? later : `Sign in once, within 15 minutes: ${signIn}`,
  ]
  // Standard output is the report's alone where a program reads it.
  for (const line of lines) (options.json ? console.error : console.log)(line)
  if (signIn !== undefined && isAttended() && !options['no-open']) openBrowser(signIn)
}

function isAttended(): boolean {
  return process.stdout.isTTY === true && !options.json
}

/** Starts a run for each ticket and waits until all have ended or wait for a person. Answers the runs by their id. */
async function triageInbox(
  runtime: Runtime,
  inbox: string,
  startRun: (ticket: Ticket, onOtherUnderItsId: () => void) => Promise<RunHandle>,
  progress: Progress,
  interrupted: AbortSignal,
): Promise<{ tickets: Map<string, StartedTicket>; sameId: number }> {
  const tickets = new Map<string, StartedTicket>()
  const sameId = new Set<string>()
  const stopWatching = runtime.onRest(({ status }) => progress.settled(status))
  const start = async (ticket: Ticket) => {
    let isOther = false
    const run = await startRun(ticket, () => {
      isOther = true
    })
    if (isOther) sameId.add(run.id)
    const { category } = ticket
    tickets.set(run.id, { isNew: run.isNew || (tickets.get(run.id)?.isNew ?? false), category })
    progress.started(run.isNew)
  }
  let starting: Promise<void>[] = []
  for await (const reading of readInbox(inbox)) {
    if (interrupted.aborted) break
    if (!reading.ok) {
      progress.note(`${reading.where}: ${reading.problem} (skipped)`)
      continue
    }
    starting.push(start(reading.ticket))
    if (starting.length >= window) {
      await Promise.all(starting)
      starting = []
      await progress.until(() => interrupted.aborted || runtime.activeRuns <= window)
    }
    if (options.limit !== undefined && tickets.size + starting.length >= Number(options.limit)) break
  }
  await Promise.all(starting)
  await progress.untilSettled(async () => interrupted.aborted || (await runtime.isQuiet()))
  stopWatching()
  return { tickets, sameId: sameId.size }
}

/** Which solvers answer, said before anything else: local solvers are never passed off as large models. */
function solversOf(runtime: Runtime): string {
  const names = new Set(Object.values(runtime.solverNames).flat())
  const skipped =
    runtime.unusableSolvers.length > 0 ? ' (no key for a hosted model is set, so local solvers answer)' : ''
  return `${[...names].join(', ')}${skipped}`
}

main().catch((error: unknown) => {
  console.error(error instanceof ReeveError || error instanceof Error ? `triage: ${error.message}` : error)
  process.exitCode = 1
})
