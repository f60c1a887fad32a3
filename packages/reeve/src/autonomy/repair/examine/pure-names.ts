/** Names that only compute, of each language: what a fix may use though the script did not. */

const methodsOf = (...values: object[]) => values.flatMap((value) => Object.getOwnPropertyNames(value))

const javascriptMethods = new Set(
  [
    ...methodsOf(String.prototype, Array.prototype, Number.prototype, BigInt.prototype, Boolean.prototype),
    ...methodsOf(
      Map.prototype,
      Set.prototype,
      WeakMap.prototype,
      Date.prototype,
      RegExp.prototype,
      Promise.prototype,
    ),
    ...methodsOf(URL.prototype, URLSearchParams.prototype, TextDecoder.prototype, TextEncoder.prototype),
    ...methodsOf(
      Intl.DateTimeFormat.prototype,
      Intl.NumberFormat.prototype,
      Intl.Collator.prototype,
      Error.prototype,
    ),
    ...methodsOf(Object, Array, Number, String, Date, Math, JSON, Promise, Map, BigInt, URL, Intl, Symbol),
    ...[
      'next',
      'return',
      'log',
      'error',
      'warn',
      'write',
      'end',
      'on',
      'once',
      'resume',
      'setEncoding',
      'byteLength',
      'equals',
      'json',
      'text',
    ],
  ].filter(
    (name) =>
      ![
        'constructor',
        'fromCharCode',
        'fromCodePoint',
        'setPrototypeOf',
        'defineProperty',
        'defineProperties',
        'raw',
        'import',
      ].includes(name),
  ),
)
const javascriptNames = new Set([
  ...[
    'Object',
    'Array',
    'String',
    'Number',
    'Boolean',
    'BigInt',
    'Math',
    'JSON',
    'Date',
    'RegExp',
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
  ],
  ...[
    'Promise',
    'Symbol',
    'Intl',
    'Error',
    'TypeError',
    'RangeError',
    'SyntaxError',
    'AggregateError',
    'URL',
    'URLSearchParams',
  ],
  ...[
    'TextDecoder',
    'TextEncoder',
    'structuredClone',
    'encodeURIComponent',
    'decodeURIComponent',
    'encodeURI',
    'decodeURI',
  ],
  ...[
    'isNaN',
    'isFinite',
    'parseInt',
    'parseFloat',
    'undefined',
    'NaN',
    'Infinity',
    'console',
    'Buffer',
    'Uint8Array',
    'process',
  ],
  ...['arguments', 'setTimeout', 'clearTimeout', 'queueMicrotask', 'this', 'Iterator'],
])
const javascriptChains =
  /^(?:process\.(?:argv|exit|exitCode|std(?:in|out|err)(?:\..+)?)|(?:path|url|querystring|util|assert|string_decoder|timers\/promises)(?:\..+)?|fs\.(?:readFileSync|existsSync)|fs\/promises\.readFile|module\.exports|exports\..+)$/
const javascriptModules =
  /^(?:path|url|querystring|util|assert|assert\/strict|string_decoder|timers\/promises|path\/posix)$/

const pythonNames = new Set(
  `abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format frozenset hash hex id int
  isinstance issubclass iter len list map max min next object oct ord pow print property range repr reversed round set slice sorted
  staticmethod classmethod str sum super tuple type zip hasattr NotImplemented Ellipsis __name__ __file__ __doc__ exit quit
  BaseException Exception ArithmeticError AssertionError AttributeError EOFError FloatingPointError IndexError KeyError LookupError
  MemoryError NameError NotImplementedError OSError OverflowError RecursionError RuntimeError StopIteration SyntaxError SystemExit
  TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError TimeoutError FileNotFoundError
  PermissionError ConnectionError IOError KeyboardInterrupt Warning DeprecationWarning`.split(/\s+/),
)
const pythonMethods = new Set(
  `capitalize casefold center count decode encode endswith expandtabs find format format_map index isalnum isalpha isascii isdecimal
  isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix
  removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper
  zfill append clear copy extend insert pop remove reverse sort add difference discard intersection isdisjoint issubset issuperset
  symmetric_difference union update fromkeys get items keys popitem setdefault values most_common elements subtract total appendleft
  popleft rotate as_integer_ratio bit_count bit_length conjugate is_integer hex fromhex to_bytes from_bytes group groups groupdict start
  end span match search fullmatch findall finditer sub subn date time timetz astimezone ctime dst isocalendar isoformat isoweekday
  strftime strptime timestamp timetuple toordinal tzname utcoffset utctimetuple weekday today now fromisoformat fromtimestamp
  utcfromtimestamp combine total_seconds quantize normalize to_integral_value is_nan is_finite compare sqrt read readline readlines
  write writerow writerows writeheader flush reconfigure seek tell getvalue close send throw cast tolist geturl _replace _asdict
  __init__ default register exists is_file is_dir read_text read_bytes`
    .split(/\s+/)
    .filter((name) => name !== 'fromhex'),
)
const pythonChains =
  /^(?:sys(?:\.(?:argv|exit|stdin|stdout|stderr|maxsize|version_info|float_info|byteorder|path)(?:\..+)?)?|os\.(?:path(?:\..+)?|linesep|sep|fspath)|io\.(?:StringIO|BytesIO|TextIOWrapper)|time\.(?:time|strftime|strptime|gmtime|localtime|mktime|monotonic)|locale\..+|pathlib\.Path|argparse\..+|traceback\.print_exc|calendar\..+)$/
const pythonModules = /^(?:sys|os\.path|io|time|locale|argparse|traceback)$/

export interface PureNames {
  isModule(name: string): boolean
  isName(name: string): boolean
  isChain(name: string): boolean
  isMethod(name: string): boolean
}

const none = () => false
const ofJavascript: PureNames = {
  isModule: (name) => javascriptModules.test(name),
  isName: (name) => javascriptNames.has(name),
  isChain: (name) => javascriptChains.test(name),
  isMethod: (name) => javascriptMethods.has(name),
}

export const pureNames: Readonly<Record<'python' | 'javascript' | 'typescript' | 'shell', PureNames>> = {
  javascript: ofJavascript,
  typescript: ofJavascript,
  python: {
    isModule: (name) => pythonModules.test(name),
    isName: (name) => pythonNames.has(name),
    isChain: (name) => pythonChains.test(name),
    isMethod: (name) => pythonMethods.has(name),
  },
  shell: { isModule: none, isName: none, isChain: none, isMethod: none },
}
