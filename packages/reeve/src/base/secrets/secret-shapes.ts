import { isPlainRecord } from '../json/record.ts'

/** What stands in the place of what looks like a secret. */
const mask = '[secret]'

/** Not within a longer word: `task-…` has no key that begins with `sk-`. */
const alone = '(?<![A-Za-z0-9_-])'

/** Keys and tokens that say by their beginning what they are, as their services make them. */
const keys = new RegExp(
  `${alone}(?:${[
    'sk-(?=[A-Za-z_-]*\\d)[A-Za-z0-9_-]{20,}', // OpenAI, Anthropic
    '[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}', // Stripe
    'whsec_[A-Za-z0-9+/]{16,}={0,2}', // Standard Webhooks, Stripe
    'gh[pousr]_[A-Za-z0-9]{20,}', // GitHub
    'github_pat_[A-Za-z0-9_]{20,}',
    'glpat-[A-Za-z0-9_-]{20,}', // GitLab
    'xox[abeoprs]-[A-Za-z0-9-]{10,}', // Slack
    'xapp-\\d-[A-Za-z0-9-]{10,}',
    '(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])', // Amazon
    'AIza[A-Za-z0-9_-]{35}', // Google
    'ya29\\.[A-Za-z0-9_-]{20,}',
    'npm_[A-Za-z0-9]{36}',
    'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}', // Shopify
    'pat-(?:na|eu)\\d-[a-f0-9-]{36}', // HubSpot
    'SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}', // SendGrid
    '\\d{8,10}:AA[A-Za-z0-9_-]{33}', // Telegram
    'eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}', // JSON Web Token
  ].join('|')})`,
  'g',
)
/** Its lines, and nothing else that follows: a text that only begins so would hide all the rest. */
const privateKey =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?:[\r\n]|\\[nr])+(?:(?:Proc-Type|DEK-Info): [\w,-]+|[A-Za-z0-9+/=]+)|\s+[A-Za-z0-9+/=]{16,})*(?:(?:\s|\\[nr])*-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g
/** The password of a URL: behind its user, before its host. Of `USER:PASSWORD`, which stands for one, nothing. */
const urlPassword = /(:\/\/[^\s/?#:@"'<>]{0,256}:)(?!(?<=\/\/USER:)PASSWORD@)([^\s/?#@"'<>]{1,512})(?=@)/g
/** The same in a URL within a URL. */
const innerPassword = /(%3A%2F%2F[^\s/?#"'<>%]{0,256}%3A)([^\s/?#"'<>%]{1,512})(?=%40)/gi
const urlParameter =
  /([?&](?:access_token|refresh_token|id_token|api_?key|client_secret|token|secret|password|sig|signature)=)([^\s&#"'<>]{6,})/gi
/** As headers have it. A scheme alone, or a word that stands for a token, is none. */
const bearer = /\b(Bearer +)(?=[^\s"']*\d)[A-Za-z0-9._~+/-]{12,}=*/gi
const authorization =
  /\b(authorization["']? *[:=] *["']?(?:[A-Za-z][\w-]{0,20} +)?)(?=[^\s"',;]*\d)[^\s"',;[]{8,}/gi
const basic = /\b(Basic +)([A-Za-z0-9+/]{8,}={0,2})/gi
/** Pairs of a name and a value, which have no space: what follows them in a sentence is not one. */
const cookie =
  /\b((?:set-)?cookie["']? *[:=] *["']?)([^\s"'=;,]+=[^\s"';]+(?:; *(?:[^\s"'=;,]+=[^\s"';]+|httponly|secure))*)/gi

/** Headers that carry credentials, and what the value of each then looks like: other things have such names, too. */
const credentialHeaders: readonly [name: RegExp, value: RegExp][] = [
  [/^(?:proxy-)?authorization$/i, /^(?:[A-Za-z][\w-]* +)?(?=\S*[\d=])\S{8,}$/],
  [/^(?:set-)?cookie$/i, /^[^\s=;]+=\S/],
  [/^x-api-key$/i, /^\S{8,}$/],
]

/** One look that nearly every text passes: only what it finds is looked at more closely. */
const hint =
  /[rsp]k[-_]|whsec_|gh[pousr]_|github_pat_|glpat-|xox|xapp-|AKIA|ASIA|AIza|ya29|npm_|shp|pat-|SG\.|:AA|eyJ|PRIVATE KEY|:\/\/[^\s/?#"]*@|%3A%2F%2F|[?&][a-z_]+=|bearer|basic|cookie|authorization|x-api-key/i

/**
 * A text without what looks like a secret, though nobody registered it as one: keys that say by their form what they are, credentials
 * of headers, passwords in URLs, cookies. For what people and other programs are shown: logs, errors, answers of the API. Values
 * that runs work with are left as they are. The very same text where it has none.
 */
export function withoutSecretShapes(text: string): string {
  if (!hint.test(text)) return text
  return text
    .replace(privateKey, mask)
    .replace(keys, mask)
    .replace(urlPassword, `$1${mask}`)
    .replace(innerPassword, `$1${mask}`)
    .replace(urlParameter, `$1${mask}`)
    .replace(bearer, `$1${mask}`)
    .replace(authorization, `$1${mask}`)
    .replace(basic, (whole, scheme: string, value: string) => (isBasic(value) ? scheme + mask : whole))
    .replace(cookie, `$1${mask}`)
}

/** The same for plain data: in each of its texts, and where a name says that the value is a credential. The very same data where it has none. */
export function dataWithoutSecretShapes<T>(data: T): T {
  return clean(data, 0) as T
}

/** Nothing that is deeper is told anywhere. */
const deepest = 500

function clean(data: unknown, depth: number): unknown {
  if (typeof data === 'string') return withoutSecretShapes(data)
  if (typeof data !== 'object' || data === null || depth > deepest) return data
  if (Array.isArray(data)) {
    const parts = data.map((part) => clean(part, depth + 1))
    return parts.some((part, index) => part !== data[index]) ? parts : data
  }
  if (!isPlainRecord(data)) return data
  let isSame = true
  const entries = Object.entries(data).map(([name, value]): [string, unknown] => {
    const part = isCredential(name, value) ? mask : clean(value, depth + 1)
    isSame &&= part === value
    return [name, part]
  })
  return isSame ? data : Object.fromEntries(entries)
}

function isCredential(name: string, value: unknown): boolean {
  if (typeof value !== 'string') return false
  return credentialHeaders.some(([names, values]) => names.test(name) && values.test(value))
}

/** JSON of data without what looks like a secret. */
export function jsonWithoutSecretShapes(value: object): string {
  const text = JSON.stringify(value)
  // As it is told, so that what makes itself into JSON is cleaned, too.
  return hint.test(text) ? JSON.stringify(dataWithoutSecretShapes(JSON.parse(text))) : text
}

/** `user:password`, encoded: other words stand behind "basic", too. */
function isBasic(value: string): boolean {
  const text = Buffer.from(value, 'base64').toString('latin1')
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(text)
}
