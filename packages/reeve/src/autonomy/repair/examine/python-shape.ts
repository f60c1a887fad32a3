import { BoundedChild } from '../../../base/process/bounded-child.ts'
import { emptyShape, type Shape } from './shape.ts'

/** Reads a program from standard input and prints its shape. It parses, and runs nothing of it. */
const reader = `
import ast, json, sys
src = sys.stdin.buffer.read().decode("utf-8")
out = {k: [] for k in ("modules","names","chains","methods","defines","dynamic","literals","outside","variables","checks","swallows","marks")}
try:
    tree = ast.parse(src)
    compile(src, "script", "exec", dont_inherit=True)
except (SyntaxError, ValueError, RecursionError) as e:
    print(json.dumps({"problem": "%s (line %s)" % (getattr(e, "msg", str(e)), getattr(e, "lineno", "?"))})); sys.exit()
alias, bound, pure = {}, set(), __PURE__
for n in ast.walk(tree):
    if isinstance(n, ast.Import):
        for a in n.names:
            out["modules"].append(a.name); alias[a.asname or a.name.split(".")[0]] = a.name if a.asname else a.name.split(".")[0]
    elif isinstance(n, ast.ImportFrom):
        m = ("." * n.level) + (n.module or "")
        for a in n.names:
            out["modules"].append(m); alias[a.asname or a.name] = m + "." + a.name
            if m not in pure: out["chains"].append(m + "." + a.name)
    elif isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)): bound.add(n.name); out["defines"].append(n.name)
    elif isinstance(n, ast.arg): bound.add(n.arg)
    elif isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load): bound.add(n.id)
    elif isinstance(n, ast.ExceptHandler) and n.name: bound.add(n.name)
    elif isinstance(n, (ast.MatchAs, ast.MatchStar)) and n.name: bound.add(n.name)
def chain(n):
    parts = []
    while isinstance(n, ast.Attribute): parts.append(n.attr); n = n.value
    if isinstance(n, ast.Name) and n.id in alias: return ".".join([alias[n.id]] + parts[::-1])
    return None
inner = set()
for n in ast.walk(tree):
    if isinstance(n, ast.Attribute): inner.add(id(n.value))
def fragments(n): return [c.value for c in ast.walk(n) if isinstance(c, ast.Constant) and isinstance(c.value, str)]
doc = set()
for n in ast.walk(tree):
    if isinstance(n, (ast.Module, ast.FunctionDef, ast.ClassDef)) and n.body and isinstance(n.body[0], ast.Expr) and isinstance(n.body[0].value, ast.Constant): doc.add(id(n.body[0].value))
for n in ast.walk(tree):
    if isinstance(n, (ast.Attribute, ast.Name)) and id(n) not in inner:
        c = chain(n)
        if c and c.split(".")[0] not in pure and not any(c == p or c.startswith(p + ".") for p in pure): out["chains"].append(c)
    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id not in bound and n.id not in alias: out["names"].append(n.id)
    if isinstance(n, ast.Attribute) and n.attr.startswith("__"): out["dynamic"].append("." + n.attr)
    if isinstance(n, ast.Constant) and id(n) not in doc and isinstance(n.value, (str, int, float)) and not isinstance(n.value, bool): out["literals"].append(n.value)
    if isinstance(n, ast.Constant) and isinstance(n.value, bytes): out["literals"].append(n.value.decode("latin-1"))
    if isinstance(n, ast.Call):
        f = n.func
        c = chain(f)
        if isinstance(f, ast.Attribute) and c is None: out["methods"].append(f.attr)
        args = [a for a in n.args] + [k.value for k in n.keywords if k.arg not in ("encoding", "errors", "newline")]
        name = c or (f.id if isinstance(f, ast.Name) else None)
        if name and (name == "open" or (c and c.split(".")[0] not in pure)) and not name.startswith(("sys.", "os.path.")):
            for a in args: out["outside"] += fragments(a)
            for k in n.keywords:
                if k.arg in ("shell", "start_new_session", "preexec_fn", "daemon", "executable", "close_fds"): out["marks"].append("%s=%s" % (k.arg, ast.unparse(k.value)))
        if isinstance(f, ast.Attribute) and f.attr in ("write_text", "write_bytes", "open", "unlink", "rename", "mkdir", "rmdir", "touch", "chmod", "symlink_to"):
            for a in args: out["outside"] += fragments(a)
        if c in ("os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"): out["variables"] += fragments(n)[:1] or ["?"]
        if c == "sys.exit" or (isinstance(f, ast.Name) and f.id in ("exit", "quit")):
            a = n.args[0] if n.args else None
            if a is not None and not (isinstance(a, ast.Constant) and a.value in (0, None)): out["checks"].append("exit")
    if isinstance(n, ast.Subscript) and chain(n.value) == "os.environ": out["variables"] += fragments(n.slice)[:1] or ["?"]
    if isinstance(n, ast.Raise): out["checks"].append("raise " + (ast.unparse(n.exc.func) if isinstance(n.exc, ast.Call) else ast.unparse(n.exc) if n.exc else ""))
    if isinstance(n, ast.Assert): out["checks"].append("assert")
    if isinstance(n, ast.ExceptHandler):
        t = ast.unparse(n.type) if n.type else "everything"
        raises = any(isinstance(x, ast.Raise) or (isinstance(x, ast.Call) and chain(x.func) in ("sys.exit",)) for x in ast.walk(n))
        if not raises and t in ("everything", "Exception", "BaseException"): out["swallows"].append("except %s: %s" % (t, "; ".join(ast.unparse(b) for b in n.body)[:200]))
        elif not raises and all(isinstance(b, ast.Pass) for b in n.body): out["swallows"].append("except %s: pass" % t)
    if isinstance(n, (ast.If, ast.While, ast.IfExp)) and isinstance(n.test, ast.Constant) and not (isinstance(n, ast.While) and n.test.value): out["marks"].append("if " + ast.unparse(n.test))
    if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add) and all(isinstance(s, ast.Constant) and isinstance(s.value, str) for s in (n.left, n.right)): out["dynamic"].append(ast.unparse(n))
    if isinstance(n, (ast.Global, ast.Nonlocal)): pass
print(json.dumps(out, default=str))
`

/** Modules that only compute. */
export const purePython = [
  ...[
    'json',
    're',
    'math',
    'cmath',
    'datetime',
    'decimal',
    'fractions',
    'collections',
    'itertools',
    'functools',
    'operator',
  ],
  ...[
    'string',
    'unicodedata',
    'zoneinfo',
    'calendar',
    'statistics',
    'textwrap',
    'html',
    'csv',
    'urllib.parse',
    'typing',
  ],
  ...[
    'enum',
    'dataclasses',
    'bisect',
    'heapq',
    'copy',
    'numbers',
    'shlex',
    '__future__',
    'posixpath',
    'ntpath',
    'uuid',
    'hashlib',
    'hmac',
  ],
]

const readMs = 20_000

/** @param python the program that runs Python */
export async function pythonShape(source: string, python: string): Promise<Shape> {
  const program = reader.replace('__PURE__', `set(${JSON.stringify(purePython)})`)
  const child = await BoundedChild.start({
    file: python,
    args: ['-I', '-c', program],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    cwd: '/',
    timeoutMs: readMs,
    countsWaiting: false,
    maxOutputBytes: 8_388_608,
  })
  child.write(source)
  const { cause, exitCode, stdout, stderr } = await child.ended
  try {
    if (exitCode === 0) return { ...emptyShape(), ...(JSON.parse(stdout.toString('utf8')) as Partial<Shape>) }
  } catch {
    // Told below.
  }
  if (cause !== 'exit') return { ...emptyShape(), problem: `it could not be read in ${readMs / 1000} s` }
  return { ...emptyShape(), problem: `it cannot be read: ${stderr.toString('utf8').slice(-200)}` }
}
