import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { moment } from '../../base/time/time.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { defaultPort } from '../../server/open-page.ts'
import { exchange } from '../../tools/http/http-exchange.ts'
import { EgressGuard } from '../../tools/http/ssrf-guard.ts'
import type { NamedTrigger } from '../../triggers/named-triggers.ts'
import { sampleFor, unknownTrigger } from '../../triggers/sample.ts'
import type { TriggerView } from '../../triggers/trigger-view.ts'
import type { Backend } from '../backend/backend.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

/** Lists the triggers: how each is reached, whether it can be, and what came last. */
export function triggerList(cli: Cli): Promise<ExitCode> {
  const body = async (backend: Backend) => {
    const { terminal } = cli
    const { bold, dim, yellow } = terminal.colors
    const views = await backend.triggers()
    terminal.value({ triggers: views })
    if (views.length === 0) {
      terminal.line('No workflow declares a trigger: see `on` of a workflow in docs/triggers.md.')
    }
    for (const view of views) {
      terminal.line(
        `${bold(safeLine(view.name))} ${describe(view)} ${dim(`starts ${safeLine(view.workflow)}`)}`,
      )
      if (view.closed !== null) terminal.line(`  ${yellow(`shut: ${safeLine(view.closed)}`)}`)
      if (view.last) {
        const { at, outcome, reason, runId: run } = view.last
        const what = run === null ? `${outcome}: ${safeLine(reason ?? '')}` : `started run ${run}`
        terminal.line(`  ${dim(moment(Date.parse(at)))} ${what}`)
      }
    }
    return exitCodes.done
  }
  return withBackend(cli, body, 'code')
}

function describe({ on, path, signature, folder, cron, event, service }: TriggerView): string {
  const parts = [path && `POST ${path} (${signature})`, folder, cron, event, service].filter(
    (part) => part !== null,
  )
  return safeLine(`${on}: ${parts.join(', ')}`)
}

const answerWithinMs = 30_000
const mostAnswerBytes = 1024 * 1024

interface TestOptions {
  server?: string
  body?: string
}

/** Posts a signed sample to the server, as the sender would, and shows what it answers. */
export function triggerTest(cli: Cli, { server, body }: TestOptions, name: string): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { terminal } = cli
    const { triggers, clock, vault } = internalsOf(runtime)
    const { variables = {}, port = defaultPort, server: known } = runtime.environment
    const named = requireTrigger(triggers, name)
    const given = body === undefined ? undefined : readSample(body)
    const sample = sampleFor(
      named,
      { vault, variables },
      { id: `test_${randomUUID()}`, now: clock.now(), given },
    )
    const url = new URL(sample.path, server ?? known?.url ?? `http://127.0.0.1:${port}`)
    const { status, text } = await post(url, sample.headers, sample.body)
    terminal.value({ url: url.href, status, answer: readAnswer(text) })
    terminal.line(`POST ${url.href} was answered with ${status}`)
    terminal.line(`  ${safeLine(text.slice(0, 2000))}`)
    return status < 300 ? exitCodes.done : exitCodes.failed
  })
}

/** @throws `unknown-trigger` */
function requireTrigger(triggers: ReadonlyMap<string, NamedTrigger>, name: string): NamedTrigger {
  const named = triggers.get(name)
  if (named) return named
  throw unknownTrigger(triggers, name)
}

/** @throws `bad-option` */
function readSample(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ReeveError('bad-option', `--body is "${path}", which cannot be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** @throws `no-server` */
async function post(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const guard = new EgressGuard({ allow: [url.host], allowPrivate: [url.host] })
  const signal = AbortSignal.timeout(answerWithinMs)
  const asked = { url, method: 'POST', headers: () => headers, body, signal, maxBytes: mostAnswerBytes }
  try {
    const { status, body: answer } = await exchange(guard, asked)
    return { status, text: answer.toString() }
  } catch (cause) {
    throw new ReeveError(
      'no-server',
      `Nobody answers at ${url.origin}: ${messageOf(cause)}. Start the server (reeve dev, reeve start), or name it with --server URL.`,
      { cause },
    )
  }
}

function readAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.slice(0, 2000)
  }
}
