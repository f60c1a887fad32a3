import { basename, dirname, join } from 'node:path'
import { javascriptExports } from '../examine/javascript-exports.ts'
import type { Language } from '../examine/shape.ts'

/** The file in which a recorder leaves calls, relative to the project: it goes with the layer over it. */
const callsFile = '.reeve-calls'

/**
 * A program that stands where a script stands, does what the script does, and leaves a line of JSON for each call that is made of it: as a
 * process `{ args, stdin }`, of a function that it gives to others `{ name, args, named? }`. Undefined: nothing here can record it.
 */
export async function recorderOf(
  project: string,
  file: string,
  source: string,
  language: Language,
): Promise<string | undefined> {
  const out = JSON.stringify(join(project, callsFile))
  const first = /^#!.*\n/.exec(source)?.[0] ?? ''
  if (language === 'shell') return `${first || '#!/bin/sh\n'}${shellRecorder(project, file, source)}`
  if (language === 'python') return `${first}${pythonRecorder(source, out)}`
  const found = await javascriptExports(source, language === 'typescript')
  if (!found) return undefined
  const real = join(project, dirname(file), `.reeve-real-${basename(file)}`)
  return `${first}${javascriptRecorder(source, out, JSON.stringify(real), found)}`
}

function shellRecorder(project: string, file: string, source: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const [out, real] = [
    join(project, callsFile),
    join(project, dirname(file), `.reeve-real-${basename(file)}`),
  ]
  const program = /^#!\s*(\S.*)\n/.exec(source)?.[1]?.trim() ?? '/bin/sh'
  // Words go as hexadecimal digits, which need no quoting.
  return `_in=$(mktemp) && cat > "$_in"
printf '%s' ${quoted(source)} > ${quoted(real)}
_line='{"hex":true,"args":['
_comma=''
for _each in "$@"; do
  _line="$_line$_comma\\"$(printf '%s' "$_each" | od -An -v -tx1 | tr -d ' \\n')\\""
  _comma=,
done
echo "$_line],\\"stdin\\":\\"$(od -An -v -tx1 < "$_in" | tr -d ' \\n')\\"}" >> ${quoted(out)}
${program} ${quoted(real)} "$@" < "$_in"
`
}

function pythonRecorder(source: string, out: string): string {
  return `def _reeve(scope, source, out):
    import functools, inspect, io, json, sys
    def put(call):
        try:
            line = json.dumps(call)
            with open(out, "a", encoding="utf-8") as file: file.write(line + "\\n")
        except (TypeError, ValueError, OSError): pass
    code = compile(source, scope["__file__"], "exec", dont_inherit=True)
    if scope["__name__"] == "__main__":
        data = sys.stdin.buffer.read()
        put({"args": sys.argv[1:], "stdin": data.decode("utf-8", "replace")})
        sys.stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
        exec(code, scope)
        return
    exec(code, scope)
    depth = [0]
    def watched(name, call):
        @functools.wraps(call)
        def watch(*args, **named):
            if depth[0] == 0: put({"name": name, "args": list(args), "named": named})
            depth[0] += 1
            try: return call(*args, **named)
            finally: depth[0] -= 1
        return watch
    for name, value in list(scope.items()):
        if inspect.isfunction(value) and value.__module__ == scope["__name__"] and name != "_reeve": scope[name] = watched(name, value)
_reeve(globals(), ${pythonText(source)}, ${out})
`
}

/** JSON's escapes are Python's, but for halves of a pair. */
function pythonText(text: string): string {
  return `__import__("json").loads(${JSON.stringify(JSON.stringify(text))})`
}

function javascriptRecorder(
  source: string,
  out: string,
  real: string,
  { names, isCommon }: { names: readonly string[]; isCommon: boolean },
): string {
  const modules = isCommon
    ? "const { appendFileSync, readFileSync, writeFileSync } = require('node:fs')\nconst { spawnSync } = require('node:child_process')"
    : "import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'\nconst { spawnSync } = process.getBuiltinModule('node:child_process')"
  const isMain = isCommon ? 'require.main === module' : 'import.meta.main'
  const exported = isCommon
    ? `  const all = require(${real})
  module.exports = typeof all === 'function' ? Object.assign(watched('default', all), all) : Object.fromEntries(Object.entries(all).map(([name, value]) => [name, watched(name, value)]))
}`
    : `}
const all = ${isMain} ? {} : await import(${real})
${names
  .map((name, index) =>
    name === 'default'
      ? `export default watched('default', all.default)`
      : `const _reeve${index} = watched('${name}', all.${name})\nexport { _reeve${index} as ${name} }`,
  )
  .join('\n')}`
  return `${modules}
let depth = 0
const put = (call) => appendFileSync(${out}, JSON.stringify(call) + '\\n')
function watched(name, value) {
  if (typeof value !== 'function' || /^class\\b/.test(Function.prototype.toString.call(value))) return value
  return function (...args) {
    if (depth === 0) try { put({ name, args }) } catch {}
    depth++
    try { return value.apply(this, args) } finally { depth-- }
  }
}
writeFileSync(${real}, ${JSON.stringify(source)})
if (${isMain}) {
  let stdin = ''
  try { stdin = readFileSync(0, 'utf8') } catch {}
  put({ args: process.argv.slice(2), stdin })
  process.exitCode = spawnSync(process.execPath, [${real}, ...process.argv.slice(2)], { input: stdin, stdio: ['pipe', 'inherit', 'inherit'] }).status ?? 1
} else {
${exported}
`
}
