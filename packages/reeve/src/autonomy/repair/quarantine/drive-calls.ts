import type { Json } from '../../../base/json/json.ts'
import { isRecord } from '../../../base/json/record.ts'
import { hasTrace } from '../diagnose/diagnose.ts'
import type { Language } from '../examine/shape.ts'
import type { ScriptCandidate } from './candidate.ts'
import { runDriver } from './driver.ts'

/** A call that a test makes: of the script as a process, in a time zone, or of a function that it gives to others. */
export type TestCall =
  | { args: string[]; stdin: string; zone?: string }
  | { name: string; args: Json[]; named?: { [name: string]: Json } }

/** What came of a call. */
export interface CallOutcome {
  isGood: boolean
  /** What it printed or answered; where it failed, the name of the error or the exit code. */
  text: string
  /** It failed, and not on purpose. */
  broke: boolean
}

const driveMs = 20_000
/** A process for each call: on a busy machine its start alone takes that long. */
const perProcessMs = 1_000
/** Of a function; a process has three times as long, for its start is part of it. */
const callMs = 3_000
/** So many calls may run into their time; with one more, nothing of what follows is waited for. */
const mostLate = 3

/** Makes all calls in one quarantine, one after the other. Undefined: one of them ended or held up all. */
export async function driveCalls(
  candidate: ScriptCandidate,
  language: Language,
  calls: readonly TestCall[],
  env: Readonly<Record<string, string>> = {},
): Promise<CallOutcome[] | undefined> {
  if (calls.length === 0) return []
  const processes = calls.filter((call) => 'stdin' in call).length
  const lines = await runDriver(candidate, {
    ...{ node: nodeDriver, python: pythonDriver, timeoutMs: driveMs + processes * perProcessMs, env },
    isPython: language === 'python' && calls.some((call) => 'name' in call),
    input: { calls, callMs, mostLate },
  })
  const found = lines.at(-1)
  if (!Array.isArray(found)) return undefined
  const raised = raisedIn(candidate.source)
  return found.filter(isRecord).map((each) => outcomeOf(each, raised))
}

function outcomeOf(found: { [field: string]: unknown }, raised: ReadonlySet<string>): CallOutcome {
  const text = String(found.text)
  if (typeof found.status === 'number')
    return {
      isGood: found.status === 0,
      text: found.status === 0 ? text.trim() : `exit code ${found.status}`,
      broke: found.status !== 0 && (found.status < 0 || hasTrace(String(found.said))),
    }
  const isGood = found.ok === true
  return { isGood, text, broke: !isGood && !raised.has(text) && text !== 'Error' }
}

/** The names of errors that a program raises itself: what it raises, it refuses. */
function raisedIn(source: string): Set<string> {
  return new Set(
    [...source.matchAll(/\b(?:raise|throw new|throw)\s+([A-Za-z_]\w*)/g)].map(([, name]) => name!),
  )
}

// Both are run behind the walls alone.
const nodeDriver = `
const { spawnSync } = process.getBuiltinModule('node:child_process')
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
const { path, mark, calls, callMs, mostLate, command } = JSON.parse(readFileSync(0, 'utf8'))
let lateCalls = 0
const { stdout } = process
const write = stdout.write.bind(stdout)
stdout.write = () => true
const sorted = (key, value) => typeof value === 'number' && !Number.isFinite(value) ? String(value) : value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value
const textOf = (value) => { const text = JSON.stringify(value, sorted); return text === undefined || /undefined/.test(inspect(value)) || /^\\{\\}$/.test(text) ? inspect(value, { depth: 8 }) : text }
let module
const done = []
for (const call of calls) {
  if (call.name === undefined) {
    const { status, stdout, stderr, error } = spawnSync(command[0], [...command.slice(1), ...call.args], { input: call.stdin, ...(call.zone && { env: { ...process.env, TZ: call.zone } }), encoding: 'utf8', timeout: 3 * callMs, killSignal: 'SIGKILL' })
    if (error?.code === 'ETIMEDOUT' && ++lateCalls > mostLate) process.exit(1)
    done.push({ status: status ?? -1, text: stdout, said: (stderr ?? '').slice(-2000) })
    continue
  }
  try {
    module ??= await import(pathToFileURL(path).href)
    const body = module[call.name] ?? module.default?.[call.name]
    let timer
    const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new TypeError('late')), callMs) })
    const value = await Promise.race([body(...call.args), late]).finally(() => clearTimeout(timer))
    done.push({ ok: true, text: textOf(value) })
  } catch (error) {
    done.push({ ok: false, text: error?.name ?? String(error) })
  }
}
write('\\n' + mark + JSON.stringify(done) + '\\n', () => process.exit(0))
`

const pythonDriver = `
import importlib.util, inspect, itertools, json, os, signal, subprocess, sys
given = json.load(sys.stdin)
out, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.path.dirname(given["path"]))
class Late(BaseException): pass
def late(*_): raise Late()
signal.signal(signal.SIGALRM, late)
module, done, seconds, late_calls = None, [], given["callMs"] / 1000, 0
for call in given["calls"]:
    if "name" not in call:
        try:
            ran = subprocess.run(given["command"] + call["args"], input=call["stdin"].encode(), env=dict(os.environ, TZ=call["zone"]) if "zone" in call else None, capture_output=True, timeout=3 * seconds)
            done.append({"status": ran.returncode, "text": ran.stdout.decode("utf-8", "replace"), "said": ran.stderr.decode("utf-8", "replace")[-2000:]})
        except subprocess.TimeoutExpired:
            late_calls += 1
            if late_calls > given["mostLate"]: sys.exit(1)
            done.append({"status": -1, "text": "", "said": ""})
        continue
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        if module is None:
            name = os.path.splitext(os.path.basename(given["path"]))[0]
            spec = importlib.util.spec_from_file_location(name, given["path"])
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        value = getattr(module, call["name"])(*call["args"], **call.get("named", {}))
        if inspect.isgenerator(value): value = list(itertools.islice(value, 1000))
        signal.setitimer(signal.ITIMER_REAL, 0)
        done.append({"ok": True, "text": json.dumps(value, sort_keys=True, default=repr)})
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        done.append({"ok": False, "text": type(error).__name__})
out.write("\\n" + given["mark"] + json.dumps(done) + "\\n")
out.flush()
`
