import { randomUUID } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { BoundedChild } from '../../base/process/bounded-child.ts'
import { firstCharacters } from '../../base/text/shorten.ts'
import { parseBoundedJson } from '../bounded-json.ts'
import { type ResolvedLimits, resolveLimits, type SandboxLanguage, type SandboxLimits } from './limits.ts'
import { readReply, type ScriptResult } from './script-reply.ts'

/** A container that scripts run in. */
export interface DockerSandbox {
  /** The absolute path of the docker (or podman) executable. */
  executable: string
  /** An image that is there already, by digest: `python@sha256:…`. It is never pulled. */
  image: string
  /** `runsc` for gVisor. Default: docker's own. */
  runtime?: string
}

// Both print one JSON document, last on stdout. Nothing of the request stands on a command line.
const runners = {
  javascript: [
    'node',
    '--input-type=module',
    '-e',
    `const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const { code, input } = JSON.parse(Buffer.concat(chunks))
const logs = []
console.log = (...values) => logs.push(values.map(String).join(' '))
const end = (reply) => process.stdout.write(JSON.stringify({ ...reply, logs }))
try {
  const run = Object.getPrototypeOf(async () => {}).constructor('input', code)
  end({ status: 'done', json: JSON.stringify((await run(input)) ?? null) })
} catch (error) {
  end({ status: 'failed', error: String(error) })
}`,
  ],
  python: [
    'python3',
    '-I',
    '-c',
    `import contextlib, io, json, sys, traceback
request = json.load(sys.stdin)
printed = io.StringIO()
scope = {"__name__": "__main__", "input": request["input"], "result": None}
try:
    with contextlib.redirect_stdout(printed):
        exec(compile(request["code"], "script.py", "exec"), scope)
    reply = {"status": "done", "json": json.dumps(scope["result"])}
except BaseException:
    reply = {"status": "failed", "error": traceback.format_exc()[-4000:]}
reply["logs"] = printed.getvalue().splitlines()
json.dump(reply, sys.stdout)`,
  ],
}

/** Starting and taking down a container, beyond the script's own time. */
const overheadMs = 30_000

/**
 * Runs a script in a container of its own: no network, nothing writable but a small /tmp, no capabilities, nobody's
 * user. JavaScript returns its result from a function of `input`; Python leaves it in `result`.
 * @throws `sandbox-unavailable` and what `runIsolated` throws
 * @example
 * import { runInDocker } from 'reeve/tools'
 *
 * const docker = { executable: '/usr/bin/docker', image: 'python@sha256:…', runtime: 'runsc' }
 * const result = await runInDocker(docker, 'python', 'result = sum(input)', [1, 2, 3])
 */
export async function runInDocker(
  docker: DockerSandbox,
  language: SandboxLanguage,
  code: string,
  input: Json = null,
  options: SandboxLimits & { signal?: AbortSignal } = {},
): Promise<ScriptResult> {
  const { signal, ...rest } = options
  const limits = resolveLimits(rest)
  await checkDocker(docker, signal)
  const name = `reeve-${randomUUID()}`
  const args = dockerArguments(docker, language, name, limits)
  const timeoutMs = limits.timeMs + overheadMs
  const child = await startDocker(docker, args, timeoutMs, limits.outputBytes * 2 + 65_536, signal)
  child.write(JSON.stringify({ code, input }))
  const end = await child.ended
  if (end.cause !== 'exit') {
    // The client is gone; the container is not.
    const removing = await startDocker(docker, ['rm', '--force', name], overheadMs, 65_536)
    await removing.ended
  }
  return readReply({ language, limits, signal }, end)
}

/** The arguments of `docker` for one script. */
function dockerArguments(
  { image, runtime }: DockerSandbox,
  language: SandboxLanguage,
  name: string,
  { memoryBytes, timeMs }: ResolvedLimits,
): string[] {
  if (!/^[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}$/.test(image)) {
    throw new ReeveError(
      'bad-image',
      `"${image}" is not pinned by a digest. Write it with its digest: python@sha256:…`,
    )
  }
  const memory = `${memoryBytes + 64 * 1_048_576}b`
  return [
    'run',
    '--rm',
    '--interactive',
    '--name',
    name,
    '--pull',
    'never',
    ...(runtime === undefined ? [] : ['--runtime', runtime]),
    '--network',
    'none',
    '--read-only',
    '--tmpfs',
    '/tmp:rw,noexec,nosuid,nodev,size=16m',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    '--user',
    '65534:65534',
    '--pids-limit',
    '64',
    '--memory',
    memory,
    '--memory-swap',
    memory,
    '--cpus',
    '1',
    '--ulimit',
    `cpu=${Math.ceil(timeMs / 1000) + 5}`,
    '--ulimit',
    'core=0',
    '--log-driver',
    'none',
    '--stop-timeout',
    '0',
    '--workdir',
    '/tmp',
    image,
    ...runners[language],
  ]
}

/** Whether docker answers, and has the runtime. @throws `sandbox-unavailable` */
async function checkDocker(docker: DockerSandbox, signal: AbortSignal | undefined): Promise<void> {
  if (!isAbsolute(docker.executable)) {
    throw unavailable(`"${docker.executable}" is not an absolute path`)
  }
  const asking = await startDocker(docker, ['info', '--format', '{{json .Runtimes}}'], 15_000, 65_536, signal)
  const end = await asking.ended
  if (signal?.aborted) throw signal.reason
  if (end.exitCode !== 0)
    throw unavailable(`docker does not answer: ${firstCharacters(end.stderr.toString('utf8'), 500)}`)
  if (docker.runtime === undefined) return
  const runtimes = parseBoundedJson(end.stdout.toString('utf8'), 'What docker says about its runtimes')
  if (typeof runtimes !== 'object' || runtimes === null || !Object.hasOwn(runtimes, docker.runtime)) {
    throw unavailable(`docker has no runtime "${docker.runtime}"`)
  }
}

async function startDocker(
  { executable }: DockerSandbox,
  args: string[],
  timeoutMs: number,
  maxOutputBytes: number,
  signal?: AbortSignal,
): Promise<BoundedChild> {
  try {
    const options = { file: executable, args, env: {}, cwd: '/', timeoutMs, maxOutputBytes }
    return await BoundedChild.start(signal ? { ...options, signal } : options)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw error instanceof ReeveError ? unavailable(error.message) : error
  }
}

function unavailable(why: string): ReeveError {
  return new ReeveError('sandbox-unavailable', `The container cannot run: ${why}. Nothing was run.`, {
    details: { sent: false },
  })
}
