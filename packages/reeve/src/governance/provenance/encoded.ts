const longestDecoded = 64 * 1024

/**
 * Texts as they go out, and what they say once decoded: each by itself and all in one, with URL escapes, base64 (also its URL
 * alphabet) and hex undone, once and again, since each may be in the other.
 */
export function unencoded(parts: readonly string[]): string[] {
  const all = [...parts, parts.join(''), parts.toReversed().join(''), parts.join(' ')].map((part) =>
    part.slice(0, longestDecoded),
  )
  const forms = new Set(all)
  let layer: Set<string> = forms
  for (let depth = 0; depth < 2; depth++) {
    const next = new Set<string>()
    for (const text of layer) for (const form of decodedOnce(text)) if (!forms.has(form)) next.add(form)
    if (next.size === 0) break
    for (const form of next) forms.add(form)
    layer = next
  }
  return [...forms]
}

function decodedOnce(text: string): string[] {
  const forms: string[] = []
  if (text.includes('%'))
    forms.push(
      text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => printable(Buffer.from(run.replaceAll('%', ''), 'hex'))),
    )
  // Both halves of a byte may be cut by a hex letter in front of the run.
  for (const [run] of text.matchAll(/[0-9a-f]{8,}/gi))
    forms.push(printable(Buffer.from(run, 'hex')), printable(Buffer.from(run.slice(1), 'hex')))
  for (const [run] of text.matchAll(/(?<![\p{L}\p{N}])(?:[0-9a-f]{2}[ :,-]{1,2}){3,}[0-9a-f]{2}/giu))
    forms.push(printable(Buffer.from(run.replace(/[^0-9a-f]/gi, ''), 'hex')))
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{6,}/g)) {
    // A word is no code: what is encoded mixes small and capital letters, or has digits.
    if (/^[A-Z]?[a-z]+$|^[A-Z]+$/.test(run)) continue
    const alphabet = /[-_]/.test(run) ? 'base64url' : 'base64'
    // What stands in front of the code without a gap shifts it.
    for (let shift = 0; shift < 4; shift++) forms.push(printable(Buffer.from(run.slice(shift), alphabet)))
  }
  return forms.filter((form) => form !== '')
}

/** What is legible in bytes; nothing where that is less than a few letters in a row. */
function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8').replace(/[\ufffd\p{Cc}]+/gu, ' ')
  return /[\x20-\x7e]{4,}/.test(text) ? text : ''
}
