import type { Language } from './case.ts'

export function isCommon(source: string): boolean {
  return (
    /\brequire\(|\bmodule\.exports\b|\bexports\.\w/.test(source) && !/^\s*(?:import|export)\b/m.test(source)
  )
}

/** With what runs its cases, where they wait for a program that does. */
export function testText(source: string, language: Language): string {
  if (language === 'python') return pythonText(source)
  if (language === 'node') return nodeText(source)
  return source.startsWith('#!') ? source : `#!/bin/sh\nset -e\n${source}`
}

function pythonText(source: string): string {
  const isRun = /unittest\.main\(|pytest\.main\(|__main__/.test(source)
  const cases = /^(?:(?:async )?def test|class \w+)/m.test(source)
  const isPytest = /^\s*(?:import pytest|from pytest import)/m.test(source)
  const future = /^from __future__ .*\n/gm
  const first = [...source.matchAll(future)].map(([line]) => line).join('')
  const rest = source.replaceAll(future, '')
  const begin = `${first}${isPytest ? pytest : ''}`
  if ((isRun && !/pytest\.main\(/.test(source)) || !cases) return `${begin}${rest}`
  return `${begin}${rest.replace(/^if __name__ == .__main__.:\n(?:[ \t]+.*\n?)+/m, '')}
${pythonRunner}`
}

/** Of pytest what tests of a program use most, so that it need not be there. */
const pytest = `import sys as _sys, types as _types
_pytest = _types.ModuleType("pytest")
class _Raises:
    def __init__(self, kind, match=None): self.kind, self.match, self.value = kind, match, None
    def __enter__(self): return self
    def __exit__(self, kind, value, trace):
        import re
        assert kind is not None, "nothing was raised"
        self.value, self.type = value, kind
        if not issubclass(kind, self.kind): return False
        assert self.match is None or re.search(self.match, str(value)), "%r does not match" % value
        return True
def _raises(kind, *given, match=None):
    if not given: return _Raises(kind, match)
    with _Raises(kind, match): given[0](*given[1:])
class _Approx:
    def __init__(self, wanted, rel=1e-6, abs=1e-12): self.wanted, self.rel, self.abs = wanted, rel or 1e-6, abs or 1e-12
    def __eq__(self, other):
        if isinstance(self.wanted, (list, tuple)): return len(other) == len(self.wanted) and all(_Approx(w, self.rel, self.abs) == o for w, o in zip(self.wanted, other))
        return abs(other - self.wanted) <= max(self.abs, self.rel * abs(self.wanted))
class _Mark:
    def parametrize(self, names, rows, ids=None):
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        def put(body):
            body._rows = [dict(zip(names, getattr(r, "values", r) if len(names) > 1 or hasattr(r, "values") and not isinstance(r, dict) else [r]), **old) for old in getattr(body, "_rows", [{}]) for r in rows]
            return body
        return put
    def __getattr__(self, name): return lambda *given, **named: given[0] if given and callable(given[0]) else (lambda body: body)
class _Param:
    def __init__(self, values): self.values = values
def _fixture(*given, **named):
    def put(body):
        body._fixture = True
        return body
    return put(given[0]) if given and callable(given[0]) else put
def _fail(why="failed"): raise AssertionError(why)
_pytest.raises, _pytest.approx, _pytest.mark, _pytest.fixture, _pytest.fail = _raises, _Approx, _Mark(), _fixture, _fail
_pytest.param = lambda *values, **named: _Param(values)
_sys.modules["pytest"] = _pytest
`

const pythonRunner = `
import sys as _sys, unittest as _unittest, inspect as _inspect
def _given(body, row, scope, self=None):
    made = dict(row)
    for name in _inspect.signature(body).parameters:
        if name in made or name == "self": continue
        if name == "tmp_path":
            import pathlib, tempfile
            made[name] = pathlib.Path(tempfile.mkdtemp())
        elif callable(scope.get(name)):
            value = scope[name](**_given(scope[name], {}, scope))
            made[name] = next(value) if _inspect.isgenerator(value) else value
    return made
class _Functions(_unittest.TestCase): pass
def _add(label, body, scope):
    for _number, _row in enumerate(getattr(body, "_rows", [{}])):
        setattr(_Functions, "%s_%d" % (label, _number), (lambda b, r: lambda self: (b(**_given(b, r, scope)), None)[1])(body, _row))
for _name, _value in list(globals().items()):
    if _name.startswith("test") and callable(_value) and not _inspect.isclass(_value): _add(_name, _value, globals())
    elif _inspect.isclass(_value) and _name.startswith("Test") and not issubclass(_value, _unittest.TestCase):
        for _each in dir(_value):
            if _each.startswith("test"):
                _one = _value()
                if hasattr(_one, "setup_method"): _one.setup_method()
                _add("test_%s_%s" % (_name, _each), getattr(_one, _each), globals())
_unittest.main(argv=_sys.argv[:1])
`

function nodeText(source: string): string {
  const common = isCommon(source)
  const kits = /^\s*import\s[^;\n]*from\s*['"](?:vitest|@jest\/globals|bun:test|mocha)['"];?\s*$/gm
  const text = source
    .replaceAll(kits, '')
    .replaceAll(
      /^\s*const\s*\{[^}]*\}\s*=\s*require\(['"](?:vitest|@jest\/globals|bun:test|mocha)['"]\);?\s*$/gm,
      '',
    )
  const lines: string[] = []
  const imports = (names: string, from: string) =>
    lines.push(
      common
        ? `const ${names.replaceAll(' as ', ': ')} = require('${from}')`
        : `import ${names} from '${from}'`,
    )
  const has = (pattern: RegExp) => pattern.test(text)
  const wanted = [
    ...(has(/\b(?:test|it|describe)(?:\.\w+)*\(/) ? ['test', 'describe', 'it'] : []),
    ...(has(/\bbeforeEach\(/) ? ['beforeEach'] : []),
    ...(has(/\bafterEach\(/) ? ['afterEach'] : []),
    ...(has(/\bbeforeAll\(/) ? ['before as beforeAll'] : []),
    ...(has(/\bafterAll\(/) ? ['after as afterAll'] : []),
  ]
  if (wanted.length > 0 && !/['"]node:test['"]/.test(text)) imports(`{ ${wanted.join(', ')} }`, 'node:test')
  const needsExpect =
    has(/\bexpect\(/) &&
    !has(/\bexpect\b[^\n]*(?:from|require\()\s*['"]/) &&
    !has(/function expect\b|const expect\b/)
  const needsAssert = has(/\bassert\b/) && !has(/['"](?:node:)?assert/)
  if (needsAssert) imports('assert', 'node:assert/strict')
  if (needsExpect) {
    imports(
      common
        ? '{ isDeepStrictEqual: _same, inspect: _show }'
        : '{ isDeepStrictEqual as _same, inspect as _show }',
      'node:util',
    )
    lines.push(expectText)
  }
  const begin = /^(?:#![^\n]*\n)?/.exec(text)![0]
  return `${begin}${lines.join('\n')}\n${text.slice(begin.length)}`
}

/** Of the \`expect\` of vitest and jest what tests of a program use most. */
const expectText = `const _bare = (value) => value === null || typeof value !== 'object' ? value : value instanceof Date || value instanceof RegExp || value instanceof Map || value instanceof Set ? value : Array.isArray(value) ? Array.from(value, _bare) : Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([name, each]) => [name, _bare(each)]))
const _has = (value, part) => _same(_bare(value), _bare(part)) || (part !== null && typeof part === 'object' && value !== null && typeof value === 'object' && Object.keys(part).every((name) => _has(value[name], part[name])))
const _thrown = (error, wanted) => wanted === undefined || (typeof wanted === 'string' ? String(error?.message).includes(wanted) : wanted instanceof RegExp ? wanted.test(String(error?.message)) : typeof wanted === 'function' ? error instanceof wanted : error?.message === wanted.message)
const _matchers = {
  toBe: (value, wanted) => Object.is(value, wanted), toEqual: (value, wanted) => _same(_bare(value), _bare(wanted)), toStrictEqual: (value, wanted) => _same(value, wanted),
  toMatchObject: _has, toBeNull: (value) => value === null, toBeUndefined: (value) => value === undefined, toBeDefined: (value) => value !== undefined,
  toBeTruthy: (value) => !!value, toBeFalsy: (value) => !value, toBeNaN: (value) => Number.isNaN(value), toContain: (value, part) => typeof value === 'string' ? value.includes(part) : [...value].includes(part),
  toContainEqual: (value, part) => [...value].some((each) => _same(_bare(each), _bare(part))), toHaveLength: (value, length) => value.length === length,
  toHaveProperty: (value, path, ...rest) => { const found = String(path).split('.').reduce((each, name) => each?.[name], value); return found !== undefined && (rest.length === 0 || _same(_bare(found), _bare(rest[0]))) },
  toMatch: (value, part) => typeof part === 'string' ? value.includes(part) : part.test(value), toBeInstanceOf: (value, kind) => value instanceof kind,
  toBeGreaterThan: (value, other) => value > other, toBeGreaterThanOrEqual: (value, other) => value >= other, toBeLessThan: (value, other) => value < other, toBeLessThanOrEqual: (value, other) => value <= other,
  toBeCloseTo: (value, other, digits = 2) => Math.abs(value - other) < 10 ** -digits / 2,
  toThrow: (value, wanted) => { if (typeof value !== 'function') return value instanceof Error && _thrown(value, wanted); try { value() } catch (error) { return _thrown(error, wanted) } return false },
}
_matchers.toThrowError = _matchers.toThrow
function expect(value) {
  const of = (get, wanted) => Object.fromEntries(Object.entries(_matchers).map(([name, holds]) => [name, (...given) => get((found) => { if (holds(found, ...given) !== wanted) throw new Error('expect(' + _show(found) + ')' + (wanted ? '' : '.not') + '.' + name + '(' + given.map((each) => _show(each)).join(', ') + ')') })]))
  const both = (get) => ({ ...of(get, true), not: of(get, false) })
  return { ...both((check) => check(value)), resolves: both(async (check) => check(await value)), rejects: both(async (check) => { let error; try { await (typeof value === 'function' ? value() : value) } catch (caught) { error = caught ?? new Error('nothing') } if (error === undefined) throw new Error('nothing was thrown'); check(error) }) }
}`
