/** The texts of all elements of a name in an answer of S3, whose documents have neither attributes that count nor CDATA. */
export function textsOf(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`, 'g'))
  return [...found].map(([, text = '']) => unescaped(text))
}

/** The text of the first one; undefined: there is none. */
export function textOf(xml: string, name: string): string | undefined {
  return textsOf(xml, name)[0]
}

/** What stands inside each element of a name. */
export function partsOf(xml: string, name: string): string[] {
  const parts: string[] = []
  for (let at = 0; ; ) {
    const start = xml.indexOf(`<${name}>`, at)
    const end = start < 0 ? -1 : xml.indexOf(`</${name}>`, start)
    if (end < 0) return parts
    parts.push(xml.slice(start + name.length + 2, end))
    at = end + name.length + 3
  }
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(#x?[\da-f]+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const isHex = /^#x/i.test(name)
    const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
}
