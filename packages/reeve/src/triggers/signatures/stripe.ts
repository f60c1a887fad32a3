import {
  digestOf,
  type Headers,
  hmac,
  idIn,
  isHexOf,
  json,
  required,
  type SignatureScheme,
  secondsIn,
  shortProblem,
  unsigned,
} from './signature.ts'

/** Stripe: the HMAC of `timestamp.body`. A delivery is named by the id of its event, which stands in the signed body. */
export const stripe: SignatureScheme = {
  contentTypes: json,
  read(headers: Headers) {
    const parts = required(headers, 'stripe-signature')
      .split(',')
      .slice(0, 16)
      .map((part) => part.trim().split('=') as [string, string?])
    const timestamp = parts.find(([name]) => name === 't')?.[1]
    const signatures = parts.filter(([name]) => name === 'v1').map(([, value = '']) => value)
    if (timestamp === undefined || signatures.length === 0)
      throw unsigned('stripe-signature has no t= or v1=')
    return {
      sentAt: secondsIn(timestamp, 'stripe-signature'),
      isBy(secret, body) {
        const wanted = hmac(secret, `${timestamp}.`, body)
        return signatures.some((each) => isHexOf(each, wanted))
      },
      deliveryOf: (body) => idIn(body, 'id') ?? digestOf(`${timestamp}.`, body),
    }
  },
  sign: (secret, body, sentAt) => ({
    'content-type': 'application/json',
    'stripe-signature': `t=${sentAt},v1=${hmac(secret, `${sentAt}.`, body).toString('hex')}`,
  }),
  problemOf: (secret) => shortProblem(secret),
}
