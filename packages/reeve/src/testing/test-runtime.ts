import type { Json } from '../base/json/json.ts'
import { silentLog } from '../base/log.ts'
import { type Duration, type Moment, toMs } from '../base/time/time.ts'
import type { RunResult } from '../engine/results.ts'
import type { StartOptions } from '../engine/starting/prepared-start.ts'
import type { Workflow } from '../engine/workflow.ts'
import { namedRun } from '../inspect/lists/named-run.ts'
import type { RunListOptions, RunPage } from '../inspect/lists/run-list.ts'
import type { Project } from '../project/load.ts'
import { internalsOf, type PendingApproval, Runtime } from '../runtime/runtime.ts'
import type { Database } from '../store/database.ts'
import { removeWorker } from '../store/dispatch/workers.ts'
import { comeToRest } from './come-to-rest.ts'
import { type FakeClock, settle } from './fake-clock.ts'
import { goesOnByTime, Life, requireNewestRun, type Starting, startedRun } from './life/life.ts'
import { namedTools, refuseMisspelt } from './life/tool-names.ts'
import { type DeathMoment, type Mock, WatchedBodies } from './life/watched-bodies.ts'
import { type PostAnswer, type PostOptions, posted } from './posting.ts'
import { TestClock } from './test-clock.ts'
import { givenOf, msUntil, patienceOf, projectFor, startOf, type TestOptions } from './test-options.ts'
import { idOfAsked, type TestDecision, TestRun } from './test-run.ts'

const localUser = 'tester'

/**
 * Everything of a project, on a database in memory, with a clock that the test moves. Each verb resolves when all runs have come to rest: a
 * month in which runs sleep takes milliseconds. What is under way outside of this process is waited for in real time.
 * @throws `bad-moment` `bad-option` `bad-config` `unknown-tool` and what `loadProject` throws
 * @example
 * import { workflow } from 'reeve'
 * import { testRuntime } from 'reeve/testing'
 * import { z } from 'zod'
 *
 * const remind = workflow({
 *   name: 'remind',
 *   input: z.string(),
 *   run: async (ctx, who) => {
 *     await ctx.sleep('30d')
 *     const { usd } = await ctx.waitFor('paid', { schema: z.object({ usd: z.number() }) })
 *     return `${who} paid ${usd}`
 *   },
 * })
 *
 * await using test = await testRuntime({ workflows: [remind] })
 * const run = await test.start(remind, 'Ada')
 * await test.advance('30d')
 * await test.signal(run, 'paid', { usd: 20 })
 * console.log(await run.output())
 */
export async function testRuntime(options: TestOptions = {}): Promise<TestRuntime> {
  const test = new TestRuntime(await projectFor(options), options)
  for (const [tool, mock] of Object.entries(options.mocks ?? {})) test.mock(tool, mock)
  await test.begin(namedTools(options))
  return test
}

/** See `testRuntime`. */
export class TestRuntime implements AsyncDisposable {
  /** It stands still but for the verbs of the test. */
  readonly clock: FakeClock
  readonly #project: Project
  readonly #bodies: WatchedBodies
  #runtime!: Runtime
  #database: Database | undefined
  #life!: Life
  readonly #patienceMs: number
  readonly #given: ReturnType<typeof givenOf>
  readonly #idFor: TestOptions['idFor']
  /** What died is let go when the test ends. */
  readonly #dead: Runtime[] = []

  /** @internal */
  constructor(project: Project, options: TestOptions) {
    this.#project = project
    this.#bodies = new WatchedBodies(() => this.#life.die(), options.live ?? [])
    this.#patienceMs = patienceOf(options)
    this.#given = givenOf(options, localUser)
    this.#idFor = options.idFor
    this.clock = new TestClock(startOf(options.at), () => this.#bodies.pause())
  }

  /** The runtime at work: another one after each crash. */
  get runtime(): Runtime {
    return this.#runtime
  }

  /** @internal @param tools names that must not be misspelt */
  async begin(tools: readonly string[] = []): Promise<void> {
    this.#life = new Life(this.#bodies)
    this.#runtime = await Runtime.open({
      project: this.#project,
      ...this.#given,
      clock: this.clock,
      log: silentLog,
      sandbox: true,
      // Each wake is a replay, as after a restart, and what waits is `waiting`, however short its wait is.
      keptRuns: 0,
      seams: {
        ...{ bodies: this.#bodies.ofLife(), substitutes: this.#bodies, lingerMs: 0 },
        ...(this.#idFor && { idFor: this.#idFor }),
        database: (open) => {
          this.#database ??= open()
          return this.#life.connect(this.#database)
        },
      },
    })
    refuseMisspelt(tools, this.#runtime)
    // It may die of a run that goes on while it begins; then what began is never told anything again.
    await this.#life.orOver(this.#start(this.#runtime))
    await this.settle()
  }

  async #start(runtime: Runtime): Promise<void> {
    await runtime.start()
    if (this.#project.config.knowledge?.length !== 0) await runtime.readKnowledge()
  }

  /** From now on this stands in for the tool. */
  mock(tool: string, mock: Mock): void {
    this.#bodies.mock(tool, mock)
  }

  /** Starts a run, which goes on until it rests. @throws as `runtime.startRun` */
  async start<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options?: StartOptions,
  ): Promise<TestRun<Output>> {
    return this.#runOf<Output>(await startedRun(this.#starting, workflow, input, options))
  }

  /**
   * Posts to a webhook, or to a trigger of a connector, signed as its sender signs: `post('tickets.created', { ticket })`. Text and bytes
   * go out as they are, all else as JSON. Answers what the server answers.
   * @throws `unknown-trigger` `untestable-trigger`, and what the project's own code threw, which a server answers with 500
   */
  async post<Output>(trigger: string, body: unknown, how: PostOptions = {}): Promise<PostAnswer<Output>> {
    const { runId, ...told } = await posted(this.#starting, trigger, body, how)
    return { ...told, run: runId === undefined ? undefined : this.#runOf<Output>(runId) }
  }

  /** Starts a run and lets as much time pass as it needs to end. @throws `run-waits` when somebody must decide or send a signal, and no time limits that */
  async run<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options?: StartOptions,
  ): Promise<RunResult<Output>> {
    const run = await this.start(workflow, input, options)
    for (;;) {
      const due = this.clock.nextDue()
      if (due === undefined || !(await goesOnByTime(this.#runtime, run.id))) return run.result()
      await this.#pass(due - this.clock.now())
    }
  }

  /** Lets time pass, from one thing that is due to the next. */
  async advance(time: Duration): Promise<void> {
    await this.#pass(toMs(time))
  }

  /** Lets time pass until then. @throws `bad-moment` when that is over */
  async advanceTo(moment: Moment): Promise<void> {
    await this.#pass(msUntil(moment, this.clock.now()))
  }

  /** What is open, what was asked first first. */
  approvals(): Promise<PendingApproval[]> {
    return this.#runtime.listApprovals()
  }

  /** Approves what a run asks first, or what is named by its id. @throws `nothing-asked` and as `runtime.decide` */
  approve(asked: TestRun | string, decision: TestDecision = {}): Promise<void> {
    return this.#decide(asked, { ...decision, verdict: 'approve' })
  }

  /** Rejects what a run asks first, or what is named by its id. @throws `nothing-asked` and as `runtime.decide` */
  reject(asked: TestRun | string, decision: TestDecision = {}): Promise<void> {
    return this.#decide(asked, { ...decision, verdict: 'reject' })
  }

  /** Answers a question that no solver could answer. @throws `nothing-asked` and as `runtime.decide` */
  answer(asked: TestRun | string, answer: Json, decision: TestDecision = {}): Promise<void> {
    return this.#decide(asked, { ...decision, answer, verdict: 'answer' })
  }

  /** Sends a signal to a run, which may be named by its key, as everywhere. @throws `unknown-run` `ambiguous-run` and as `runtime.signal` */
  async signal(run: TestRun | string, name: string, payload: Json = null): Promise<void> {
    await this.#runtime.signal(await this.#idOf(run), name, payload)
    await this.settle()
  }

  /** Ends a run, which may be named by its key, and its children. @throws `unknown-run` `ambiguous-run` and as `runtime.cancel` */
  async cancel(run: TestRun | string, { by = localUser }: Pick<TestDecision, 'by'> = {}): Promise<void> {
    await this.#runtime.cancel(await this.#idOf(run), { by })
    await this.settle()
  }

  /** Runs, the newest first: as `runtime.listRuns`. */
  runs(options?: RunListOptions): Promise<RunPage> {
    return this.#runtime.listRuns(options)
  }

  /** The newest run of a workflow, or of all: one that a schedule, an event or another run started. @throws `unknown-run` */
  async lastRun<Output = unknown>(workflow?: Workflow<never, Output> | string): Promise<TestRun<Output>> {
    return this.#runOf<Output>(await requireNewestRun(this.#runtime, workflow))
  }

  /** Kills what is at work and starts anew on what is durable, as after a power cut. */
  async crash(): Promise<void> {
    this.#life.die()
    await this.#revive()
  }

  /**
   * The next time that this step or tool runs, everything dies: before its work, or after it and before anybody knows
   * (default). Then it goes on, as after a power cut.
   */
  crashIn(name: string, moment: DeathMoment = 'after'): void {
    this.#bodies.dieIn(name, moment)
  }

  /** The next time that this step or tool runs, it never ends: only a time limit or the end of its run ends it. */
  hangIn(name: string): void {
    this.#bodies.hangIn(name)
  }

  /**
   * Resolves when all runs rest: what they wait for is time, a person, a signal or another run. What is due by now is done.
   * @throws `test-never-rests` when something is under way for longer than the test's patience, and nothing changes
   */
  settle(): Promise<void> {
    return this.#pass(0)
  }

  /** Ends it; what it had is gone. */
  async stop(): Promise<void> {
    this.#life.cut()
    const all = [...this.#dead, this.#runtime]
    await Promise.race([Promise.allSettled(all.map((one) => one.stop(0))), settle()])
    // Over a link that is cut no runtime stops to its end, and a stand-in that listens would keep the test's process alive.
    await Promise.all(all.map((one) => internalsOf(one).connections.close()))
    await this.#database?.close()
  }

  /** The same as `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  get #starting(): Starting {
    return { life: () => this.#life, runtime: () => this.#runtime, settle: () => this.settle() }
  }

  async #idOf(run: TestRun | string): Promise<string> {
    return typeof run === 'string' ? namedRun(internalsOf(this.#runtime).database, run, localUser) : run.id
  }

  #runOf<Output>(id: string): TestRun<Output> {
    return new TestRun<Output>(id, async () => {
      await this.settle()
      return this.#runtime
    })
  }

  #pass(ms: number): Promise<void> {
    return this.clock.skip(ms, () => this.#rest())
  }

  async #decide(
    asked: TestRun | string,
    {
      by = localUser,
      edit,
      ...decision
    }: TestDecision & { verdict: 'approve' | 'reject' | 'answer'; answer?: Json },
  ): Promise<void> {
    const id = await idOfAsked(asked)
    const whole = { by, ...decision, ...(edit !== undefined && { answer: edit }) }
    await this.#runtime.decide(id, whole as Parameters<Runtime['decide']>[1])
    await this.settle()
  }

  async #rest(): Promise<void> {
    const driven = {
      bodies: this.#bodies,
      traffic: this.#life.traffic,
      runs: () => internalsOf(this.#runtime).engine.runs.all(),
    }
    await comeToRest(driven, this.#patienceMs, () => this.#life.isOver)
    if (this.#life.isOver) await this.#revive()
  }

  async #revive(): Promise<void> {
    const { engine } = internalsOf(this.#runtime)
    this.#dead.push(this.#runtime)
    await removeWorker(this.#database!, engine.worker.id)
    await this.begin()
  }
}
