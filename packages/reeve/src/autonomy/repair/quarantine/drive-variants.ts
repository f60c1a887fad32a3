import { isRecord } from '../../../base/json/record.ts'
import type { Language } from '../examine/shape.ts'
import type { ScriptCandidate } from './candidate.ts'
import type { CallOutcome, TestCall } from './drive-calls.ts'
import { runDriver } from './driver.ts'

/** What a variant of a program does otherwise than the program. */
export interface VariantOutcome {
  /** The first call of a test that comes out otherwise; undefined: none does. */
  killedBy: number | undefined
  /** The first call like those of its tests that comes out otherwise, where none of the tests' does. */
  differsAt: number | undefined
}

const driveMs = 120_000
/** On a busy machine too the start of a process takes less: what runs longer is taken for another outcome. */
const callMs = 5_000

/**
 * Makes the calls of tests of each variant of a program, until one comes out otherwise than with the program itself; where none does, the
 * calls like them. In one quarantine, at most 120 s long. Undefined: nothing is known; of single variants: they were not come to.
 */
export async function driveVariants(
  candidate: ScriptCandidate,
  language: Language,
  variants: readonly string[],
  asked: readonly { call: TestCall; is: CallOutcome }[],
  near: readonly { call: TestCall; is: CallOutcome }[],
): Promise<(VariantOutcome | undefined)[] | undefined> {
  if (variants.length === 0) return []
  const plain = ({ call, is }: { call: TestCall; is: CallOutcome }) => ({
    ...{ call, isGood: is.isGood, text: is.isGood ? is.text : '' },
  })
  const lines = await runDriver(candidate, {
    ...{ node: nodeDriver, python: pythonDriver, timeoutMs: driveMs },
    isPython: language === 'python' && asked.some(({ call }) => 'name' in call),
    input: { variants, callMs, asked: asked.map(plain), near: near.map(plain) },
  })
  const found: (VariantOutcome | undefined)[] = variants.map(() => undefined)
  if (lines.length === 0) return undefined
  for (const each of lines) {
    if (!isRecord(each)) continue
    const number = (value: unknown) => (typeof value === 'number' && value >= 0 ? value : undefined)
    found[Number(each.of)] = { killedBy: number(each.killed), differsAt: number(each.differs) }
  }
  return found
}

// Both are run behind the walls alone.
const nodeDriver = `
const { spawnSync } = process.getBuiltinModule('node:child_process')
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
const { path, mark, variants, asked, near, callMs, command } = JSON.parse(readFileSync(0, 'utf8'))
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true
process.stderr.write = () => true
process.on('uncaughtException', () => {})
const sorted = (key, value) => typeof value === 'number' && !Number.isFinite(value) ? String(value) : value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value
const textOf = (value) => { const text = JSON.stringify(value, sorted); return text === undefined || /undefined/.test(inspect(value)) || /^\\{\\}$/.test(text) ? inspect(value, { depth: 8 }) : text }
const copy = (value) => value === undefined ? undefined : structuredClone(value)
const load = async (number) => {
  try {
    const module = await import(pathToFileURL(path).href + '?variant=' + number)
    if (!module.default || typeof module.default !== 'object' || !('module.exports' in module)) return module
  } catch (error) { if (!/require|exports|module/.test(String(error))) throw error }
  const require = createRequire(path)
  delete require.cache[path]
  return require(path)
}
const same = async (module, { call, isGood, text }) => {
  if (call.name === undefined) {
    const { status, stdout } = spawnSync(command[0], [...command.slice(1), ...call.args], { input: call.stdin, encoding: 'utf8', timeout: callMs, killSignal: 'SIGKILL' })
    return (status === 0) === isGood && (!isGood || stdout.trim() === text)
  }
  try {
    const body = module[call.name] ?? module.default?.[call.name]
    let timer
    const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new TypeError('late')), callMs) })
    const value = await Promise.race([body(...copy(call.args)), late]).finally(() => clearTimeout(timer))
    return isGood && textOf(value) === text
  } catch { return !isGood }
}
const first = async (module, all) => {
  for (const [index, each] of all.entries()) if (!(await same(module, each))) return index
  return -1
}
for (const [of, source] of variants.entries()) {
  writeFileSync(path, source)
  let killed = 0, differs = -1
  try {
    const module = asked.some(({ call }) => call.name !== undefined) ? await load(of) : undefined
    killed = await first(module, asked)
    if (killed < 0) differs = await first(module, near)
  } catch {}
  write('\\n' + mark + JSON.stringify({ of, killed, differs }) + '\\n')
}
write('\\n', () => process.exit(0))
`

const pythonDriver = `
import copy, importlib.util, inspect, itertools, json, os, signal, subprocess, sys
given = json.load(sys.stdin)
out, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.path.dirname(given["path"]))
sys.dont_write_bytecode = True
class Late(BaseException): pass
def late(*_): raise Late()
signal.signal(signal.SIGALRM, late)
seconds = given["callMs"] / 1000
name = os.path.splitext(os.path.basename(given["path"]))[0]
def load():
    spec = importlib.util.spec_from_file_location(name, given["path"])
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def same(module, each):
    call = each["call"]
    if "name" not in call:
        try:
            ran = subprocess.run(given["command"] + call["args"], input=call["stdin"].encode(), capture_output=True, timeout=seconds)
            return (ran.returncode == 0) == each["isGood"] and (not each["isGood"] or ran.stdout.decode("utf-8", "replace").strip() == each["text"])
        except subprocess.TimeoutExpired: return not each["isGood"]
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        value = getattr(module, call["name"])(*copy.deepcopy(call["args"]), **copy.deepcopy(call.get("named", {})))
        if inspect.isgenerator(value): value = list(itertools.islice(value, 1000))
        signal.setitimer(signal.ITIMER_REAL, 0)
        return each["isGood"] and json.dumps(value, sort_keys=True, default=repr) == each["text"]
    except BaseException:
        signal.setitimer(signal.ITIMER_REAL, 0)
        return not each["isGood"]
def first(module, all):
    for index, each in enumerate(all):
        if not same(module, each): return index
    return -1
for of, source in enumerate(given["variants"]):
    killed, differs = 0, -1
    try:
        with open(given["path"], "w", encoding="utf-8") as file: file.write(source)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        module = load()
        signal.setitimer(signal.ITIMER_REAL, 0)
        killed = first(module, given["asked"])
        if killed < 0: differs = first(module, given["near"])
    except BaseException: signal.setitimer(signal.ITIMER_REAL, 0)
    out.write("\\n" + given["mark"] + json.dumps({"of": of, "killed": killed, "differs": differs}) + "\\n")
    out.flush()
`
