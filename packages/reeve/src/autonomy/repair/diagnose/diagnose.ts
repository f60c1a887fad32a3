/** Where the fault lies. Only that of a script is repaired. */
export type FaultKind = 'script' | 'input' | 'outside' | 'environment' | 'unclear'

export interface Diagnosis {
  kind: FaultKind
  /** The name of the rule that said so. */
  rule: string
  why: string
}

/** What is known of a failure. */
export interface Seen {
  /** The code with which the call failed. */
  code: string
  /** What it said. Foreign text: it is compared, and never followed. */
  said: string
  exitCode: number | null
  /** What came of the same input in quarantine: undefined, it was not tried. */
  again:
    | { failed: boolean; code: string | undefined; said: string; exitCode: number | null; reached: number }
    | undefined
  /** Of recorded runs that went well: how many were tried now, and how many fail. */
  good: { tried: number; failing: number }
  /** Whether its tests pass now; undefined: it has none. */
  testsPass: boolean | undefined
  mayReach: boolean
}

interface Rule {
  name: string
  kind: FaultKind
  why: string
  holds: (seen: Seen) => boolean
}

const says =
  (pattern: RegExp) =>
  ({ said, again }: Seen) =>
    pattern.test(said) || pattern.test(again?.said ?? '')
const exits =
  (...codes: number[]) =>
  ({ exitCode, again }: Seen) =>
    codes.includes(exitCode ?? -1) || codes.includes(again?.exitCode ?? -1)

/** The first that holds says it. */
const rules: readonly Rule[] = [
  {
    name: 'not-started',
    kind: 'environment',
    why: 'the program could not be started here',
    holds: ({ code }) =>
      ['script-missing', 'not-started', 'secret-not-here', 'script-changed', 'script-quarantined'].includes(
        code,
      ),
  },
  {
    name: 'program-missing',
    kind: 'environment',
    why: 'a program or package that it needs is not on this machine',
    holds: (seen) =>
      exits(126, 127)(seen) ||
      says(
        /command not found|: not found$|No module named|ModuleNotFoundError|Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND|ENOENT.*spawn|spawn .*ENOENT/im,
      )(seen),
  },
  {
    name: 'machine-full',
    kind: 'environment',
    why: 'this machine has no room, no memory or no right for it',
    holds: says(
      /ENOSPC|No space left|EMFILE|Too many open files|ENOMEM|Cannot allocate memory|MemoryError|JavaScript heap out of memory|EACCES|EROFS|Permission denied|Disk quota/i,
    ),
  },
  {
    name: 'credentials',
    kind: 'outside',
    why: 'the other side does not accept its credentials: renew the connection',
    holds: says(
      /\b401\b|\b403\b|unauthori[sz]ed|invalid[_ ](?:token|api[_ ]key|grant|credentials)|token (?:has )?expired|expired token|forbidden/i,
    ),
  },
  {
    name: 'temporary',
    kind: 'outside',
    why: 'it said that it may work later',
    holds: exits(75),
  },
  {
    name: 'unreachable',
    kind: 'outside',
    why: 'another host could not be reached, or answered with a failure of its own',
    holds: says(
      /ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Connection refused|Connection reset|Name or service not known|Temporary failure in name|timed? out while|fetch failed|\bHTTP(?: Error)?[ /:]*(?:1\.1 )?(?:429|5\d\d)\b|\b(?:502|503|504)\b|Service Unavailable|Too Many Requests|Bad Gateway|Gateway Time-?out/i,
    ),
  },
  {
    name: 'not-again',
    kind: 'outside',
    why: 'the same input succeeds now: the fault is not in the script alone',
    holds: ({ again, testsPass }) => again !== undefined && !again.failed && testsPass !== false,
  },
  {
    name: 'all-fail',
    kind: 'environment',
    why: 'what went well before fails now as well, though the script is the same',
    holds: ({ good, testsPass }) => good.tried >= 2 && good.failing === good.tried && testsPass !== true,
  },
  {
    name: 'input-refused',
    kind: 'input',
    why: 'it refused what it was given, and said so',
    holds: (seen) =>
      seen.code === 'script-failed' &&
      !hasTrace(seen.said) &&
      (exits(64, 65)(seen) ||
        says(
          /\b(?:invalid|illegal|malformed|unsupported|unknown|not allowed|must be|must not|required|missing (?:input|argument|option)|out of range|refus(?:e|ed|es|ing)|usage:)\b/i,
        )(seen)),
  },
  {
    name: 'broken-off',
    kind: 'script',
    why: 'its own code broke off, with the same input each time',
    holds: (seen) => seen.code === 'script-failed' && hasTrace(seen.said) && seen.again?.failed !== false,
  },
  {
    name: 'wrong-result',
    kind: 'script',
    why: 'what it printed is not what it promises, with the same input each time',
    holds: ({ code, again }) =>
      [
        'script-two-results',
        'script-no-result',
        'script-not-json',
        'script-not-utf8',
        'script-bad-result',
        'script-output',
      ].includes(code) && again?.failed !== false,
  },
  {
    name: 'runs-on',
    kind: 'script',
    why: 'it runs past its timeout with this input, and not with others',
    holds: ({ code, again, good }) =>
      code === 'script-timeout' && again?.code === 'script-timeout' && good.failing < Math.max(1, good.tried),
  },
  {
    name: 'tests-fail',
    kind: 'script',
    why: 'its tests fail',
    holds: ({ testsPass }) => testsPass === false,
  },
  {
    name: 'fails-here-alone',
    kind: 'script',
    why: 'it fails with this input each time, and does as before with what went well',
    holds: ({ again, good, code }) =>
      code === 'script-failed' && again?.failed === true && good.tried > 0 && good.failing === 0,
  },
]

/** By rules alone. What no rule speaks of is for a person. */
export function diagnose(seen: Seen): Diagnosis {
  const rule = rules.find(({ holds }) => holds(seen))
  if (rule) return { kind: rule.kind, rule: rule.name, why: rule.why }
  return {
    kind: 'unclear',
    rule: 'none',
    why: `no rule speaks of it (${seen.code}): a person says where the fault lies`,
  }
}

/** What programs print when they break off, and not when they refuse. */
export function hasTrace(said: string): boolean {
  return /Traceback \(most recent call last\)|^\s+at .+:\d+:\d+\)?$|(?:Type|Reference|Range|Syntax|Key|Index|Attribute|Name|ZeroDivision|UnicodeDecode|UnicodeEncode|Unicode|Value|Overflow|Recursion|Assertion|Unbound(?:Local)?|JSONDecode)Error\b|syntax error|parameter not set|unbound variable|arithmetic|integer expression expected|bad substitution|unexpected (?:end|token|EOF)|parse error|Segmentation fault|jq: error|illegal number/im.test(
    said,
  )
}
