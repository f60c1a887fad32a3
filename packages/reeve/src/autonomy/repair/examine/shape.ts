/**
 * What a program is made of, as far as it says what the program may do and how much it checks. Two shapes are compared: a fix may use
 * what the script used before, and what is known to be harmless.
 */
export interface Shape {
  /** It cannot be parsed. */
  problem?: string
  /** What it imports, and commands that it starts by name. */
  modules: string[]
  /** Names that nothing in it binds. */
  names: string[]
  /** Members of modules and of the process: `os.environ`, `process.env`. */
  chains: string[]
  /** Names of methods that it calls. */
  methods: string[]
  /** Functions and methods of its own. */
  defines: string[]
  /** Expressions that could call anything. */
  dynamic: string[]
  /** Texts and numbers that it holds. */
  literals: (string | number)[]
  /** Literals inside of what reaches out. */
  outside: string[]
  /** Names of variables of the environment. */
  variables: string[]
  /** What makes it fail on purpose: each with what it says. */
  checks: string[]
  /** Places that go on after any failure. */
  swallows: string[]
  /** What can be said of it in no other way. */
  marks: string[]
}

export const emptyShape = (): Shape => ({
  ...{ modules: [], names: [], chains: [], methods: [], defines: [], dynamic: [], literals: [], outside: [] },
  ...{ variables: [], checks: [], swallows: [], marks: [] },
})

export type Language = 'python' | 'javascript' | 'typescript' | 'shell'

/** By the ending of its file, then by its first line; undefined: nothing here can read it. */
export function languageOf(file: string, source: string): Language | undefined {
  if (/\.(?:m|c)?js$/.test(file)) return 'javascript'
  if (/\.ts$/.test(file)) return 'typescript'
  if (file.endsWith('.py')) return 'python'
  const [first = ''] = source.split('\n', 1)
  const shebang = /^#!.*?\b(python3?|node|sh|bash|dash)\b/.exec(first)?.[1]
  if (shebang === undefined) return file.endsWith('.sh') ? 'shell' : undefined
  if (shebang.startsWith('python')) return 'python'
  return shebang === 'node' ? 'javascript' : 'shell'
}
