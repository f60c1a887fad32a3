import { existsSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { projectOf, ReeveError, Runtime, readEnvironment } from 'reeve'
import { readInbox } from './ingest/read-inbox.ts'
import { printReport } from './report/print-report.ts'
import { Progress } from './report/progress.ts'
import { readReport } from './report/read-report.ts'
import { train, triageConfig } from './triage-config.ts'
import supportTriage from './workflows/support-triage.ts'

const usage = `Usage: npm run triage -- [--inbox FILE.csv|FILE.jsonl|FOLDER] [--knowledge FILE.jsonl|FOLDER]
                         [--train FILE.csv|FILE.jsonl] [--limit N] [--json]`

const folder = import.meta.dirname
const { values: options } = parseArgs({
  options: {
    inbox: { type: 'string', default: 'inbox' },
    knowledge: { type: 'string', default: 'knowledge' },
    train: { type: 'string' },
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** A path from the command line counts from where the command was typed; the defaults lie in this folder. */
function place(path: string): string {
  const typed = resolve(process.env.INIT_CWD ?? process.cwd(), path)
  return existsSync(typed) ? typed : resolve(folder, path)
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
  supportTriage.name ||= 'support-triage'
  const project = projectOf(triageConfig(training, [place(options.knowledge)]), [supportTriage], folder)
  const runtime = await Runtime.open({ project, environment })
  const progress = new Progress(options.json)
  const stopEarly = () => {
    progress.close()
    console.error('\nStopping: what was done is kept; start again to go on where this left off.')
    void runtime.stop(3000).then(() => process.exit(130))
  }
  process.once('SIGINT', stopEarly)
  process.once('SIGTERM', stopEarly)

  await runtime.start()
  for (const { problems } of runtime.ingested)
    for (const { where, problem } of problems) progress.note(`${where}: ${problem}`)
  for (const problem of training.problems) progress.note(problem)
  progress.begin(`Reading ${basename(inbox)}: ${solversOf(runtime)}`)

  const startedAt = performance.now()
  const settled = runtime.engine.onEnded((_run, { status }) => progress.settled(status))
  const tickets = new Map<string, { isNew: boolean; category: string | undefined }>()
  let starting: Promise<void>[] = []
  for await (const reading of readInbox(inbox)) {
    if (!reading.ok) {
      progress.note(`${reading.where}: ${reading.problem} (skipped)`)
      continue
    }
    const { id, from, subject, body, automatic, notes, category } = reading.ticket
    starting.push(
      runtime.engine
        .startRun(
          supportTriage,
          { id, from, subject, body, automatic, notes },
          { idempotencyKey: id, principal: environment.user },
        )
        .then((run) => {
          const before = tickets.get(run.id)
          tickets.set(run.id, { isNew: run.isNew || (before?.isNew ?? false), category })
          progress.started(run.isNew)
        }),
    )
    if (starting.length >= window) {
      await Promise.all(starting)
      starting = []
      await progress.until(() => runtime.engine.worker.active <= window)
    }
    if (options.limit !== undefined && tickets.size + starting.length >= Number(options.limit)) break
  }
  await Promise.all(starting)
  await progress.untilSettled(() => runtime.engine.isQuiet())
  settled()
  const elapsedMs = performance.now() - startedAt

  const report = await readReport(runtime.database, tickets, { elapsedMs, trainedMs })
  progress.close()
  await runtime.stop()
  if (options.json) console.log(JSON.stringify(report))
  else printReport(report, relative(process.env.INIT_CWD ?? process.cwd(), folder))
}

/** Which solvers answer, said before anything else: local solvers are never passed off as large models. */
function solversOf(runtime: Runtime): string {
  const names = new Set(
    [...runtime.routes.values()].flatMap((route) => route.solvers.map(({ name }) => name)),
  )
  const skipped =
    runtime.unusable.length > 0 ? ' (no key for a hosted model is set, so local solvers answer)' : ''
  return `${[...names].join(', ')}${skipped}`
}

main().catch((error: unknown) => {
  console.error(error instanceof ReeveError || error instanceof Error ? `triage: ${error.message}` : error)
  process.exitCode = 1
})
