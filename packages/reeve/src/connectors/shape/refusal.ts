/**
 * What an answer that is no success means:
 *
 * - `refused`: it did nothing, and the same would be refused again
 * - `rate`: it did nothing, and takes it later
 * - `credential`: it does not know the credential any more, or it was revoked
 * - `scope`: the credential may not do this; `scopes` says what it lacks
 * - `account`: the credential is of another account, or of another mode
 * - `failed`: something is wrong at the service; what was asked may have been done. A call that may be repeated is, for some minutes, unless
 *   it `isLasting`: the same would be answered again
 */
export interface Refusal {
  kind: 'refused' | 'rate' | 'credential' | 'scope' | 'account' | 'failed'
  /** The service's own code. */
  code?: string | undefined
  /** The service's own words. */
  message?: string | undefined
  /** What the credential would have to be granted. */
  scopes?: readonly string[]
  waitMs?: number | undefined
  isLasting?: boolean | undefined
}
