import {
  digestOf,
  type Headers,
  isSame,
  json,
  required,
  type SignatureScheme,
  shortProblem,
  unsigned,
} from './signature.ts'

/**
 * For senders that sign nothing, such as a mail server that pipes a letter to `curl`: the secret itself, in `Authorization`. It
 * proves who sends and neither what nor when, so that a delivery is named by its body.
 */
export const bearer: SignatureScheme = {
  contentTypes: json,
  read(headers: Headers) {
    const [, token] = /^Bearer ([\x21-\x7e]{1,1000})$/i.exec(required(headers, 'authorization')) ?? []
    if (token === undefined) throw unsigned('authorization is not "Bearer SECRET"')
    // Digests are of one length, whatever was sent.
    return {
      isBy: (secret) => isSame(Buffer.from(digestOf(token)), Buffer.from(digestOf(secret))),
      deliveryOf: digestOf,
    }
  },
  sign: (secret) => ({ 'content-type': 'application/json', authorization: `Bearer ${secret}` }),
  problemOf: (secret) => shortProblem(secret, 24),
}
