import { pureNames } from './pure-names.ts'
import { purePython } from './python-shape.ts'
import type { Language, Shape } from './shape.ts'

/** Why a fix is not taken, whatever it does when it is tried. */
export interface Finding {
  rule:
    | 'widens'
    | 'network'
    | 'dependency'
    | 'protected'
    | 'payload'
    | 'check-removed'
    | 'hides-failure'
    | 'hard-coded'
    | 'unreadable'
  sentence: string
}

/** Programs and modules by what they reach, for the sentence alone: what is not known to be harmless is refused all the same. */
const reaches: readonly [RegExp, string, Finding['rule']][] = [
  [
    /^(?:socket|ssl|urllib|http|https|https?2|net|tls|dns|dgram|requests|httpx|aiohttp|ftplib|smtplib|asyncio|fetch|WebSocket|XMLHttpRequest|curl|wget|nc|ncat|telnet|ssh|scp|rsync|\/dev\/tcp|undici|axios|EventSource)\b/,
    'the network',
    'network',
  ],
  [
    /^(?:subprocess|child_process|os\.(?:system|popen|exec|spawn|fork|posix_spawn|kill)|multiprocessing|threading|pty|worker_threads|cluster|nohup|setsid|crontab|at|systemctl|signal|bash|sh|dash|python3?|node|perl|ruby|xargs|exec)\b/,
    'other programs',
    'widens',
  ],
  [/^(?:os\.environ|os\.getenv|process\.env|env|printenv)\b/, 'the environment', 'widens'],
  [
    /^(?:eval|exec|compile|__import__|importlib|Function|vm|module|globals|locals|vars|getattr|setattr|builtins|source|\.|ctypes|pickle|marshal|inspect|gc|runpy|Reflect|Proxy|require|import|globalThis|global)(?![\w-])/,
    'code that is made while it runs',
    'widens',
  ],
  [
    /^(?:base64|binascii|codecs|zlib|gzip|bz2|lzma|atob|btoa|xxd|openssl|uudecode)\b/,
    'encoded content',
    'payload',
  ],
  [
    /^(?:open|pathlib|shutil|tempfile|fs|os|io|glob|rm|mv|cp|tee|dd|chmod|chown|ln|touch|mkdir|rmdir|find|install|truncate)\b/,
    'files',
    'widens',
  ],
]

/** Hosts, addresses, and places outside of a project's own data. */
const hostLike =
  /:\/\/|^\/\/[\w.-]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[\w-]+\.(?:com|net|org|io|dev|app|xyz|ru|cn|example|local|internal|test|sh|me|co)\b/i
const placeLike =
  /(?:^|["'\s=])(?:\/(?:etc|root|home|tmp|var|usr|proc|sys|dev|bin|sbin|opt|run|boot|lib|mnt|srv)(?:\/|$)|~(?:\/|$)|\.\.\/)|\.test\.\w+$|reeve\.config|(?:^|\/)\.(?:reeve|git|github|env|ssh|ci|npmrc|bashrc|profile)(?:\/|$|\.)|(?:^|\/)(?:policies|daemons|agents|directives|grants|workflows|goals|tools|evals|\.ci)\/|package(?:-lock)?\.json$|authorized_keys|crontab/

/** A shell reads a file that variables name, and nothing else. */
const readOfNamed = /^<"?\$(?:\w+|\{\w+\})(?:\/?\$(?:\w+|\{\w+\}))*"?$/

/** With such a member of its own a value passes tests that it does not pass. */
const speaksForItself =
  /^(?:valueOf|toJSON|toString|equals|asymmetricMatch|then|Symbol\..*|__(?!(?:init|repr|str|len|iter|next|contains|getitem|enter|exit|post_init|name|call)__)\w+__)$/

/** What a fix may, hides or checks otherwise than the script. */
export function compareShapes(base: Shape, fix: Shape, language: Language): Finding[] {
  const pure = pureNames[language]
  const findings: Finding[] = []
  const add = (rule: Finding['rule'], sentence: string) => findings.push({ rule, sentence })
  const fresh = (
    of:
      | 'modules'
      | 'names'
      | 'chains'
      | 'methods'
      | 'defines'
      | 'dynamic'
      | 'outside'
      | 'variables'
      | 'marks',
  ) => {
    const known = new Set<string>(base[of])
    return [...new Set(fix[of])].filter((each) => !known.has(each))
  }
  const isPureModule = (name: string) =>
    pure.isModule(name) || (language === 'python' && purePython.includes(name))
  for (const name of fresh('modules').filter((each) => !isPureModule(each)))
    refuseReach(name, 'uses', language, add)
  for (const name of fresh('names').filter((each) => !pure.isName(each)))
    refuseReach(name, 'uses', language, add)
  for (const name of fresh('chains').filter(
    (each) => !pure.isChain(each) && !isKin(each, base.chains) && !isPureModule(each.split('.')[0]!),
  ))
    refuseReach(name, 'uses', language, add)
  for (const name of fresh('methods').filter((each) => !pure.isMethod(each) && !base.names.includes(each)))
    if (!fix.defines.includes(name))
      add('widens', `it calls .${name}(), which the script did not, and which is not known to be harmless`)
  for (const name of fresh('defines').filter((each) => speaksForItself.test(each)))
    add('hides-failure', `it says itself how what it answers is compared and shown: ${short(name)}`)
  for (const what of fresh('dynamic'))
    add('widens', `it makes up what it calls while it runs: ${short(what)}`)
  for (const name of fresh('variables'))
    add('widens', `it reads ${name} from the environment, which the script did not`)
  for (const mark of fresh('marks')) {
    if (/^(?:if|false|0)\b/.test(mark))
      add('check-removed', `it has a condition that is always the same: ${short(mark)}`)
    else add('widens', `it starts something that goes on or may do more: ${short(mark)}`)
  }
  // Which file a variable names is looked for where a text that names a place is added.
  const readsNamed = base.outside.some((each) => readOfNamed.test(each))
  for (const each of fresh('outside'))
    if (!isInert(each) && !(readsNamed && readOfNamed.test(each)))
      add(
        hostLike.test(each) ? 'network' : 'widens',
        `it reaches for ${short(each)}, which the script did not`,
      )
  const known = new Set(base.literals.map(String))
  for (const literal of new Set(fix.literals.map(String).filter((each) => !known.has(each)))) {
    if (placeLike.test(literal))
      add('protected', `it names a place that a fix may not touch: ${short(literal)}`)
    else if (hostLike.test(literal))
      add('network', `it names a host that the script did not: ${short(literal)}`)
    else if (isPayload(literal)) add('payload', `it holds encoded content: ${short(literal)}`)
  }
  for (const [check, count] of counted(base.checks)) {
    const left = fix.checks.filter((each) => each === check).length
    if (left < count)
      add('check-removed', `it removes a check: ${short(check)} stood there ${count} times, and now ${left}`)
  }
  for (const each of new Set(fix.swallows))
    if (count(fix.swallows, each) > count(base.swallows, each))
      add('hides-failure', `it goes on as if nothing had failed: ${short(each)}`)
  return findings
}

function refuseReach(
  name: string,
  verb: string,
  language: Language,
  add: (rule: Finding['rule'], sentence: string) => void,
): void {
  const found = reaches.find(([pattern]) => pattern.test(name))
  if (found) add(found[2], `it ${verb} ${short(name)} (${found[1]}), which the script did not`)
  else if (language === 'shell') add('widens', `it starts ${short(name)}, which the script did not`)
  else
    add(
      /^[@a-z][\w./-]*$/.test(name) ? 'dependency' : 'widens',
      `it ${verb} ${short(name)}, which the script did not, and which is not known to be harmless`,
    )
}

/** Ways of one module to do the same, the safer one in the place of the other. */
const kin: readonly (readonly string[])[] = [
  [
    'os.system',
    'os.popen',
    'subprocess.run',
    'subprocess.check_output',
    'subprocess.check_call',
    'subprocess.call',
  ],
  [
    'child_process.exec',
    'child_process.execSync',
    'child_process.execFile',
    'child_process.execFileSync',
    'child_process.spawnSync',
  ],
  ['fs.readFileSync', 'fs.readFile', 'fs/promises.readFile', 'fs.promises.readFile'],
]

function isKin(name: string, known: readonly string[]): boolean {
  const shell = name.startsWith('subprocess.') || name.endsWith('Sync') || name.endsWith('File')
  return shell && kin.some((each) => each.includes(name) && each.some((other) => known.includes(other)))
}

/** Text that names nothing: no path, host, option or program. */
function isInert(text: string): boolean {
  return (
    !hostLike.test(text) &&
    !placeLike.test(text) &&
    /^[\w\s,:;.%{}()=?&+#'"!*@[\]-]{0,80}$/.test(text) &&
    !/^(?:[\w-]+\.(?:sh|py|js|mjs|json|env|pem|key|txt|csv)|[wax]b?\+?|r\+|rw)$/.test(text)
  )
}

function isPayload(text: string): boolean {
  return (
    /^[A-Za-z0-9+/=_-]{60,}$/.test(text) ||
    /^(?:[0-9a-f]{2}){24,}$/i.test(text) ||
    /(?:\\x[0-9a-f]{2}){6,}/i.test(text)
  )
}

function counted(all: readonly string[]): [string, number][] {
  return [...new Set(all)].map((each) => [each, count(all, each)])
}

function count(all: readonly string[], one: string): number {
  return all.filter((each) => each === one).length
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > 80 ? `${line.slice(0, 80)}…` : line
}
