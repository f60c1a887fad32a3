/** Text of UTF-8, or of UTF-16 that says so; else where it ceases to be that, and what to do. */
export function decodeText(bytes: Uint8Array): { text: string } | { problem: string } {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined
  const label = utf16 ?? (bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8')
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return { text }
    return { problem: 'holds NUL characters: it is not a text' }
  } catch {
    return { problem: `is not ${label.toUpperCase()} text${placeOfFault(bytes, label)}. Save it as UTF-8` }
  }
}

function placeOfFault(bytes: Uint8Array, label: string): string {
  if (label !== 'utf-8') return ''
  const lossy = new TextDecoder('utf-8').decode(bytes)
  const at = lossy.indexOf('\ufffd')
  return at === -1 ? '' : ` (line ${lossy.slice(0, at).split('\n').length})`
}
