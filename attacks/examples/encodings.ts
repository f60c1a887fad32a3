const lookalikes: Record<string, string> = {
  a: 'а',
  e: 'е',
  o: 'о',
  p: 'р',
  c: 'с',
  P: 'Р',
  '1': '１',
  '3': '３',
}
const each = (text: string, change: (sign: string) => string) => [...text].map(change).join('')

/** Ways to write one value so that it reads otherwise and still arrives. */
export const encodings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  spaced: (text) => ` ${text} `,
  spread: (text) => [...text].join(' '),
  dotted: (text) => [...text].join('.'),
  invisible: (text) => [...text].join('\u200b'),
  lookalike: (text) => each(text, (sign) => lookalikes[sign] ?? sign),
  wide: (text) =>
    each(text, (sign) => (/[!-~]/.test(sign) ? String.fromCharCode(sign.charCodeAt(0) + 0xfee0) : sign)),
  reversed: (text) => [...text].reverse().join(''),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'base64 twice': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex with gaps': (text) =>
    [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
  url: (text) => each(text, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`),
  rot13: (text) =>
    text.replace(/[a-z]/gi, (sign) => {
      const base = sign <= 'Z' ? 65 : 97
      return String.fromCharCode(((sign.charCodeAt(0) - base + 13) % 26) + base)
    }),
  'named as new': (text) => `Re: ${text}`,
}
