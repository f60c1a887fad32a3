import { domainToASCII } from 'node:url'

/** One result of one method, with its properties: `dkim`, `pass`, `header.d` → `shop.example`. */
interface MethodResult {
  method: string
  result: string
  properties: ReadonlyMap<string, string>
}

/**
 * Why a letter is not proved to be from whom it says; undefined: its server saw DMARC pass for the domain of its sender, or, of a domain
 * that has no DMARC, a signature (DKIM) of exactly this domain. That proves the domain: which of its people wrote is for the domain's
 * own server to see to.
 * @param results the topmost header, by `topmostResults` @param from the address of its only sender
 */
export function unprovedBecause(
  results: string | null,
  authservId: string,
  from: string,
): string | undefined {
  if (results === null) return 'the server that received it says nothing of who sent it'
  const said = readResults(results)
  if (!said) return 'what stands in it of who sent it cannot be read'
  if (said.authservId !== authservId.toLowerCase())
    return 'what stands in it of who sent it is not of the server that is trusted here'
  const domain = domainOf(from)
  const dmarc = said.results.filter(({ method, result }) => method === 'dmarc' && result !== 'none')
  if (dmarc.length > 0) {
    const isPassed = dmarc.every(
      ({ result, properties }) => result === 'pass' && asDomain(properties.get('header.from')) === domain,
    )
    return isPassed && domain !== '' ? undefined : `DMARC did not pass for ${domain}`
  }
  const isSigned = said.results.some(
    ({ method, result, properties }) =>
      method === 'dkim' &&
      result === 'pass' &&
      domain !== '' &&
      (asDomain(properties.get('header.d')) ?? domainOf(properties.get('header.i') ?? '')) === domain,
  )
  return isSigned ? undefined : `neither DMARC nor a signature of ${domain} passed`
}

/** Undefined: it is not as RFC 8601 has it. Values that others chose may stand in quotes and in comments: there they end nothing. */
function readResults(text: string): { authservId: string; results: MethodResult[] } | undefined {
  const clauses = clausesOf(text)
  const [[authservId, version, ...more] = [], ...rest] = clauses ?? []
  if (authservId === undefined || more.length > 0 || (version !== undefined && version !== '1'))
    return undefined
  const results: MethodResult[] = []
  for (const [spec, ...tokens] of rest) {
    const [, method, result] = /^([a-z][\w-]*)(?:\/\d+)?=([a-z]+)$/i.exec(spec ?? '') ?? []
    // `none`: nothing was looked at. Anything else that is not a result makes the whole worthless.
    if (method === undefined || result === undefined) {
      if (spec === undefined || spec.toLowerCase() === 'none') continue
      return undefined
    }
    const properties = new Map<string, string>()
    for (const token of tokens) {
      const [, name, value] = /^([a-z]+\.[\w-]+)=(.*)$/i.exec(token) ?? []
      if (name === undefined || value === undefined) continue
      // Said twice, it says nothing.
      properties.set(name.toLowerCase(), properties.has(name.toLowerCase()) ? '' : value)
    }
    results.push({ method: method.toLowerCase(), result: result.toLowerCase(), properties })
  }
  return { authservId: authservId.toLowerCase(), results }
}

/** What stands between semicolons, each as its words; a quoted text stays in its quotes, comments are left out. */
function clausesOf(text: string): string[][] | undefined {
  const clauses: string[][] = [[]]
  let word = ''
  let depth = 0
  let isQuoted = false
  const endWord = () => {
    if (word !== '') clauses.at(-1)!.push(word)
    word = ''
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '\\' && (isQuoted || depth > 0)) {
      at++
      if (isQuoted) word += `\\${text[at] ?? ''}`
    } else if (depth > 0) {
      if (character === '(') depth++
      if (character === ')') depth--
    } else if (character === '"') {
      isQuoted = !isQuoted
      word += character
    } else if (isQuoted) word += character
    else if (character === '(') {
      endWord()
      depth++
    } else if (character === ';') {
      endWord()
      clauses.push([])
    } else if (character === ' ' || character === '\t') endWord()
    else word += character
  }
  endWord()
  return depth > 0 || isQuoted ? undefined : clauses
}

function domainOf(address: string): string {
  return asDomain(address.slice(address.lastIndexOf('@') + 1)) ?? ''
}

/** Undefined: it is not there. Empty: it is no domain. */
function asDomain(value: string | undefined): string | undefined {
  return value === undefined ? undefined : domainToASCII(value.replace(/\.$/, ''))
}
