import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'

/** By which replay compares what a call was given. @throws `not-serialisable` */
export function argumentsHash(args: unknown): string {
  return sha256(canonical(args, 'What a call was given'))
}
