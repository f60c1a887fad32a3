import { sha256 } from '../../base/hash.ts'
import { canonical } from '../../base/json/json.ts'
import type { AuthoritySnapshot } from '../authority-snapshot.ts'
import { type Actor, actorId } from './chain.ts'

interface Known {
  grants: readonly Actor['grants'][]
  policies: string
  hash: string
}

/** All runs under one snapshot are judged by the same few sets of grants. */
const known = new WeakMap<AuthoritySnapshot, Map<string, Known>>()

/** A short name for all that decides beside the call itself: what the database says, grants in code, and policies. */
export function policyHashOf(
  actors: readonly Actor[],
  snapshot: AuthoritySnapshot,
  policies: string,
): string {
  let hashes = known.get(snapshot)
  if (!hashes) {
    hashes = new Map()
    known.set(snapshot, hashes)
  }
  const ids = actors.map(actorId)
  const key = ids.join(' ')
  const found = hashes.get(key)
  if (found?.policies === policies && found.grants.every((grants, at) => grants === actors[at]!.grants))
    return found.hash
  const grants = actors.map(({ grants }, at) => [ids[at], grants?.map(({ source }) => source) ?? null])
  const parts = { version: snapshot.version, grants, policies }
  const hash = sha256(canonical(JSON.parse(JSON.stringify(parts)))).slice(0, 16)
  hashes.set(key, { grants: actors.map((actor) => actor.grants), policies, hash })
  return hash
}
