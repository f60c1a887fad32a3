import { randomUUID } from 'node:crypto'
import type { ChildEnd } from '../../../base/process/bounded-child.ts'
import { systemProgram } from '../../../base/process/system-program.ts'
import {
  commandFor,
  environmentFor,
  type InputResult,
  type Inputs,
  mayReach,
  type ScriptCandidate,
  triedOf,
  tryInput,
} from './candidate.ts'
import { runQuarantined } from './quarantine.ts'

const noTraces = { left: 0, reached: 0, changed: [] }
/** From here on a status may be that of whatever ended it from outside: it is asked alone. */
const firstUnclear = 124
const placesBetween = '/tmp /var/tmp /dev/shm'

/**
 * Runs it with one input after the other, in one quarantine: each of them costs a process, not a quarantine. What leaves anything behind
 * (a file, a process, a call to another host), runs into a limit or is ended is not believed: those are run again alone, as `tryInput` does.
 * `mustPass`: where one of so many first ones fails, what comes after it is not run, and is not in the answer.
 */
export async function tryInputs(
  candidate: ScriptCandidate,
  inputs: readonly Inputs[],
  mustPass = 0,
): Promise<InputResult[]> {
  const together =
    inputs.length > 1 && !mayReach(candidate.script)
      ? await tryTogether(candidate, inputs, mustPass)
      : undefined
  const all: InputResult[] = []
  for (const [index, each] of inputs.entries()) {
    const tried = together?.[index] ?? (await tryInput(candidate, each))
    all.push(tried)
    if (index < mustPass && tried.output === undefined) break
  }
  return all
}

/** Undefined: nothing of it is to be believed; or of single inputs, that they are to be run alone. */
async function tryTogether(
  candidate: ScriptCandidate,
  inputs: readonly Inputs[],
  mustPass: number,
): Promise<(InputResult | undefined)[] | undefined> {
  const { project, script, source, signal } = candidate
  const { manifest, file } = script
  const timeout = systemProgram('timeout')
  if (timeout === undefined) return undefined
  const mark = randomUUID()
  const commands = await Promise.all(inputs.map((each) => commandFor(candidate, each)))
  const stdin = inputs.map((each) => JSON.stringify(each))
  if (commands.flat().some((word) => word.includes('\0'))) return undefined
  const seconds = Math.ceil(manifest.timeoutMs / 1000)
  const lines = commands.map(
    (command, index) =>
      `one ${index} ${quoted(stdin[index]!)} ${command.map(quoted).join(' ')}${index < mustPass ? ' || exit 0' : ''}`,
  )
  const { end, traces } = await runQuarantined({
    ...{ project, file, source, signal, manifest },
    command: ['/bin/sh', '-s'],
    input: `${beginning(timeout, seconds, mark, manifest.maxOutputBytes)}\n${lines.join('\n')}\nexit 0\n`,
    env: environmentFor(candidate),
    network: false,
    timeoutMs: manifest.timeoutMs * inputs.length,
    maxOutputBytes: manifest.maxOutputBytes * inputs.length * 2 + 65_536,
  })
  if (end.cause === 'aborted') signal?.throwIfAborted()
  if (end.cause !== 'exit' || end.exitCode !== 0) return undefined
  if (traces.left > 0 || traces.reached > 0 || traces.changed.length > 0) return undefined
  const found: (InputResult | undefined)[] = inputs.map(() => undefined)
  for (const line of end.stdout.toString('utf8').split('\n')) {
    const [said, index = '', status = '', out = '', err = ''] = line.split(' ')
    if (said !== mark) continue
    if (index === 'dirty') return undefined
    if (Number(status) >= firstUnclear) continue
    const bytes = (text: string) => Buffer.from(text.slice(1), 'base64')
    const one: ChildEnd = {
      cause: 'exit',
      exitCode: Number(status),
      signal: null,
      stdout: bytes(out),
      stderr: bytes(err),
    }
    if (one.stdout.length + one.stderr.length <= manifest.maxOutputBytes)
      found[Number(index)] = triedOf(script, one, { ...noTraces })
  }
  return found
}

/** Of a shell, which reads it and what follows on its input: what runs one input, and what is told of it. */
function beginning(timeout: string, seconds: number, mark: string, most: number): string {
  return `
D=$(mktemp -d /dev/shm/reeve.XXXXXX) || exit 9
one() {
  _index=$1 _input=$2; shift 2
  printf '%s' "$_input" | ${timeout} -s KILL ${seconds} "$@" > "$D/out" 2> "$D/err"
  _status=$?
  printf '%s %s %s =' ${mark} "$_index" "$_status"
  head -c ${most + 1} "$D/out" | base64 -w0; printf ' ='; tail -c 65536 "$D/err" | base64 -w0; echo
  rm -f "$D/out" "$D/err"
  for _place in ${placesBetween}; do
    for _left in "$_place"/* "$_place"/.[!.]*; do
      [ "$_left" = "$D" ] || [ ! -e "$_left" ] || { echo "${mark} dirty"; exit 0; }
    done
  done
  [ "$_status" = 0 ]
}`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
