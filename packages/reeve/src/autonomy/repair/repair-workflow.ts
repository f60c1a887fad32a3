import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { CoreContext } from '../../engine/context.ts'
import { defineWorkflow, type Workflow } from '../../engine/workflow.ts'
import { jsonOf, moveRepair, noteOnRepair } from '../../store/autonomy/repairs.ts'
import { type AskedFix, fixQuestion, fixSchema } from './ask-for-fix.ts'
import { type Diagnosis, diagnose } from './diagnose/diagnose.ts'
import { type Failure, recordedOf } from './evidence.ts'
import { type Baseline, baselineOf } from './gates/baseline.ts'
import { judgeFix } from './gates/judge-fix.ts'
import { requireRepair } from './promoting/promote.ts'
import { askPerson, takeFix } from './promoting/take-fix.ts'
import { type Inputs, mayReach } from './quarantine/candidate.ts'
import { type FixTry, type RepairOutcome, type RepairServices, scriptOf } from './repair-services.ts'

export const repairWorkflowName = 'reeve.repair'

const Input = z.object({ repair: z.string() })
const stepMs = 15 * 60_000

/**
 * One repair:
 *
 *   what failed, with which input → the same in quarantine → diagnosed by rules → (another fault: said, and left)
 *   → a fix is asked for → its gates → … at most so many → proposed to a person, or promoted where the project says so and it is proven
 *
 * Each part is a step, and each step may be repeated: killed at any line, it goes on where it was. What a fix is compared with is made
 * anew after a death.
 */
export function repairWorkflow(services: RepairServices): Workflow {
  const { database, questions, settings } = services
  const baselines = new Map<string, Promise<Baseline>>()
  return defineWorkflow({
    name: repairWorkflowName,
    input: Input,
    limits: { steps: 100 },
    async run(ctx: CoreContext, { repair: id }): Promise<RepairOutcome> {
      const site = CoreContext.callSiteOf(ctx)
      const step = <T>(name: string, body: (signal: AbortSignal) => Promise<T>) =>
        // What a step gives is plain JSON here: rows, verdicts and sentences.
        ctx.step(name, ({ signal }) => body(signal) as Promise<never>, {
          timeout: stepMs,
          retry: { attempts: 3 },
        }) as Promise<T>
      const end = (status: 'not-repaired', reason: string): Promise<RepairOutcome> =>
        step('say what became of it', async () => {
          await database.transaction((session) =>
            moveRepair(session, id, ['diagnosing'], status, services.now(), { reason }),
          )
          return { repair: id, status, reason }
        })
      try {
        const { diagnosis, asked } = await step('reproduce and diagnose', async (signal) => {
          const baseline = await baselineFor(services, baselines, id, signal)
          return diagnosed(services, id, baseline)
        })
        if (diagnosis.kind !== 'script') {
          if (diagnosis.rule === 'credentials' || diagnosis.kind === 'unclear')
            await step('ask a person', () => askPerson(services, id, diagnosis))
          return end('not-repaired', diagnosis.why)
        }
        const tries: FixTry[] = []
        let best: { source: string; tried: FixTry } | undefined
        for (let number = 1; number <= settings.attempts && best?.tried.verdict !== 'proven'; number++) {
          let answer: { source: string; why: string }
          let solver: string
          try {
            const question = fixQuestion(number, {
              ...asked,
              earlier: tries.map(({ sentence }) => sentence),
            } as AskedFix)
            const given = await questions.ask(site, {
              route: settings.route,
              question,
              schema: fixSchema,
              failsOverBudget: true,
            })
            answer = given.value as typeof answer
            solver = given.solver
          } catch (error) {
            if (
              !(error instanceof ReeveError) ||
              !['route-exhausted', 'over-budget', 'unknown-route', 'missing-key'].includes(error.code)
            )
              throw error
            if (best) break
            return end('not-repaired', `no fix could be asked for: ${messageOf(error).slice(0, 500)}`)
          }
          const { source, why } = answer
          const tried = await step(`try fix ${number}`, async (signal): Promise<FixTry> => {
            const baseline = await baselineFor(services, baselines, id, signal)
            const verdict = await judgeFix(baseline, source, signal)
            const all = { ...verdict, number, hash: sha256(source), solver, why }
            await noteOnRepair(database, id, { tries: JSON.stringify([...tries, all]) })
            return all
          })
          tries.push(tried)
          if (tried.verdict !== 'refused') best = { source, tried }
        }
        if (!best)
          return end(
            'not-repaired',
            `none of ${tries.length} fixes passed: ${tries.at(-1)?.sentence ?? 'none was given'}`,
          )
        const { source, tried } = best
        return await step('propose or promote', () => takeFix(services, id, source, tried))
      } catch (error) {
        // It would stand as under way for good, and keep its script from every other repair.
        if (!(error instanceof ReeveError)) throw error
        return await end('not-repaired', `it broke off (${error.code}): ${messageOf(error).slice(0, 500)}`)
      } finally {
        baselines.delete(id)
      }
    },
  }) as Workflow
}

function baselineFor(
  services: RepairServices,
  kept: Map<string, Promise<Baseline>>,
  id: string,
  signal: AbortSignal,
): Promise<Baseline> {
  const known = kept.get(id)
  if (known) return known
  const made = makeBaseline(services, id, signal)
  kept.set(id, made)
  made.catch(() => kept.delete(id))
  return made
}

async function makeBaseline(services: RepairServices, id: string, signal: AbortSignal): Promise<Baseline> {
  const { database, folder, settings } = services
  const row = await requireRepair(database, id)
  const script = scriptOf(services, row)
  const source = await readFile(join(folder, script.file), 'utf8')
  const recorded = await recordedOf(database, row.script, settings.recorded)
  const failing = (jsonOf(row.inputs) ?? undefined) as Inputs | undefined
  return baselineOf({ project: folder, script, source, failing }, recorded, signal)
}

async function diagnosed(
  { database }: RepairServices,
  id: string,
  baseline: Baseline,
): Promise<{ diagnosis: Diagnosis; asked: Omit<AskedFix, 'earlier'> }> {
  const row = await requireRepair(database, id)
  const failure = (jsonOf(row.failure) ?? undefined) as Failure | undefined
  const { failed, good, tests, script, source } = baseline
  const diagnosis = diagnose({
    code: failure?.code ?? 'tests-fail',
    said: failure?.message ?? '',
    exitCode: failure?.exitCode ?? null,
    again: failed && {
      failed: failed.output === undefined,
      code: failed.code,
      said: failed.said,
      exitCode: failed.exitCode,
      reached: failed.traces.reached,
    },
    good: { tried: good.length + baseline.incomparable, failing: baseline.incomparable },
    testsPass: tests.length === 0 ? undefined : tests.every(({ passed }) => passed),
    mayReach: mayReach(script),
  })
  await noteOnRepair(database, id, {
    diagnosis: JSON.stringify(diagnosis),
    before_hash: sha256(source),
    before_text: source,
  })
  const kept = await requireRepair(database, id)
  if (kept.before_text !== source)
    throw new ReeveError(
      'secret-in-script',
      `Script "${row.script}" holds a secret: its source is neither kept nor shown to a model. Let it read the secret by its name (\`secrets\` in its manifest).`,
    )
  const shown = tests.filter(({ passed }) => !passed).map(({ file, said }) => `${file}: ${said}`)
  return {
    diagnosis,
    asked: {
      ...{ source, file: script.file, failure, inputs: baseline.failing },
      good: good.map(({ recorded }) => recorded).slice(0, 2),
      tests: shown.join('\n').slice(0, 6000),
    },
  }
}
