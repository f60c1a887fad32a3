/** A shorter value would be found in plain text. */
const shortest = 8
const deepestJson = 5

/** The texts that give a secret away: itself, and how it stands in other texts. Letters of either case are one. */
export function formsOf(secret: string): string[] {
  return secret.length < shortest ? formsAsPassword(secret) : formsAnywhere(secret)
}

/** Only where it stands as a password. */
export function formsAsPassword(secret: string): string[] {
  const written = new Set([secret, encodeURIComponent(secret.toWellFormed())])
  return [...written].flatMap((value) => [`:${value}@`, `password=${value}`, `password: ${value}`])
}

function formsAnywhere(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const inUrl = encodeURIComponent(secret.toWellFormed())
  const inStrictUrl = inUrl.replace(/[!'()*~.-]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  const inForm = new URLSearchParams([['', secret]]).toString().slice(1)
  const inJson = JSON.stringify(secret).slice(1, -1)
  const forms = [
    secret,
    bytes.toString('latin1'),
    inUrl,
    inStrictUrl,
    inForm,
    encodeURI(secret.toWellFormed()),
    encodeURIComponent(inUrl),
    ...inNestedJson(secret),
    inJson.replaceAll('/', '\\/'),
    inJson.replace(/[^\x20-\x7e]/g, unicodeEscape),
    inJson.replace(/[<>&'/+=]/g, unicodeEscape),
    inHtml(secret),
    bytes.toString('hex'),
    ...base64s(bytes),
    ...base64s(Buffer.from(secret, 'utf16le')),
  ]
  return [...new Set(forms)].filter((form) => form.length >= shortest)
}

/** In JSON, in JSON that holds this as a text, and so on: what is kept is JSON of what a tool gave, which may be JSON of an answer. */
function inNestedJson(secret: string): string[] {
  const forms: string[] = []
  for (let form = secret; forms.length < deepestJson; forms.push(form))
    form = JSON.stringify(form).slice(1, -1)
  return forms
}

/**
 * Base64 and base64url of the bytes, at each of the three places in which they may stand in what was encoded. Characters
 * that depend on what stands before or after are left out.
 */
function base64s(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url')
    const first = Math.ceil((offset * 8) / 6)
    const inner = text.slice(first, Math.floor(((offset + bytes.length) * 8) / 6))
    return [inner, inner.replaceAll('-', '+').replaceAll('_', '/'), forUrl(inner)]
  })
}

/** Base64 in a URL. */
function forUrl(inner: string): string {
  return inner.replaceAll('-', '%2B').replaceAll('_', '%2F')
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function inHtml(secret: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return secret.replace(/[&<>"']/g, (mark) => names[mark]!)
}
