import {
  digestOf,
  type Headers,
  hmac,
  isHexOf,
  json,
  required,
  type SignatureScheme,
  shortProblem,
  unsigned,
} from './signature.ts'

/**
 * GitHub signs the body alone: neither a time nor its number of the delivery. Whoever has an old delivery could send it again
 * under another number, so that a delivery is named by its body, and two with the same body are one.
 */
export const github: SignatureScheme = {
  contentTypes: json,
  read(headers: Headers) {
    const [, signature] = /^sha256=(\S+)$/.exec(required(headers, 'x-hub-signature-256')) ?? []
    if (signature === undefined) throw unsigned('x-hub-signature-256 is not "sha256=…"')
    return {
      isBy: (secret, body) => isHexOf(signature, hmac(secret, body)),
      deliveryOf: digestOf,
    }
  },
  sign: (secret, body, _sentAt, id) => ({
    'content-type': 'application/json',
    'x-github-delivery': id,
    'x-github-event': 'reeve-test',
    'x-hub-signature-256': `sha256=${hmac(secret, body).toString('hex')}`,
  }),
  problemOf: (secret) => shortProblem(secret),
}
