import {
  digestOf,
  type Headers,
  hmac,
  idIn,
  isHexOf,
  required,
  type SignatureScheme,
  secondsIn,
  shortProblem,
  unsigned,
} from './signature.ts'

/**
 * Slack: the HMAC of `v0:timestamp:body`. A delivery is named by `event_id`, which stands in the signed body; a command or a
 * button, which has none, by all that was signed.
 */
export const slack: SignatureScheme = {
  contentTypes: ['application/json', 'application/x-www-form-urlencoded'],
  read(headers: Headers) {
    const timestamp = required(headers, 'x-slack-request-timestamp')
    const [, signature] = /^v0=(\S+)$/.exec(required(headers, 'x-slack-signature')) ?? []
    if (signature === undefined) throw unsigned('x-slack-signature is not "v0=…"')
    const sentAt = secondsIn(timestamp, 'x-slack-request-timestamp')
    return {
      sentAt,
      isBy: (secret, body) => isHexOf(signature, hmac(secret, `v0:${timestamp}:`, body)),
      deliveryOf: (body) => idIn(body, 'event_id') ?? digestOf(`v0:${timestamp}:`, body),
    }
  },
  sign: (secret, body, sentAt) => ({
    'content-type': 'application/json',
    'x-slack-request-timestamp': String(sentAt),
    'x-slack-signature': `v0=${hmac(secret, `v0:${sentAt}:`, body).toString('hex')}`,
  }),
  problemOf: (secret) => shortProblem(secret),
}
