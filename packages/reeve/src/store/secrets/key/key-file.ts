import { constants, copyFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Environment } from '../../../base/config.ts'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { type OwnerFileWords, readOwnerFile, writeOwnerFile } from '../../../base/secrets/owner-file.ts'
import { SealingKey } from './sealing-key.ts'

const fileName = 'secrets.key'
const words: OwnerFileWords = {
  code: 'bad-secrets-key',
  what: 'the key for secrets',
  renew: 'reeve secrets rotate --key',
}

/** Of an environment, what says where the key is. */
export type KeyPlace = Pick<Environment, 'database' | 'secretsKey' | 'configFolder'>

/** Where the keys come from. */
export interface SealingKeys {
  /** The current one first; empty: there is none yet. */
  keys: SealingKey[]
  /** The file that has them, or would have; undefined: REEVE_SECRETS_KEY, or no place at all. */
  file: string | undefined
  /** For people. */
  place: string
}

/**
 * The keys that this installation seals its secrets with: those of `REEVE_SECRETS_KEY` (the current one, then older ones, parted
 * by commas), else those of the file `secrets.key`: beside a SQLite database, else in the user's folder of settings.
 * @throws `bad-secrets-key`
 */
export function readSealingKeys(place: KeyPlace): SealingKeys {
  if (place.secretsKey !== undefined)
    return {
      keys: keysIn(place.secretsKey, 'REEVE_SECRETS_KEY'),
      file: undefined,
      place: 'REEVE_SECRETS_KEY',
    }
  const file = sealingKeyFileOf(place)
  if (file === undefined) return { keys: [], file, place: 'nowhere' }
  const text = readOwnerFile(file, words)
  return { keys: text === undefined ? [] : keysIn(text, file), file, place: file }
}

function sealingKeyFileOf({ database, configFolder }: KeyPlace): string | undefined {
  if (database.kind === 'postgres') return configFolder && join(configFolder, fileName)
  return database.file === ':memory:' ? undefined : join(dirname(database.file), fileName)
}

function keysIn(text: string, where: string): SealingKey[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const secrets = lines.flatMap((line) => line.split(/[\s,]+/)).filter((part) => part !== '')
  if (secrets.length === 0) throw new ReeveError('bad-secrets-key', `${where} holds no key for secrets.`)
  try {
    return secrets.map((secret) => new SealingKey(secret))
  } catch (error) {
    throw new ReeveError('bad-secrets-key', `${where} cannot be used: ${messageOf(error)}`)
  }
}

/** Puts a new key before those that the file has. Of two processes that make the first one at one moment, both get the same. */
export function addSealingKey(file: string, keys: readonly SealingKey[]): SealingKey[] {
  const all = [SealingKey.make(), ...keys]
  const text = `# The keys that Reeve seals secrets with: the current one first. Without them nothing that was sealed can be read. Keep a copy elsewhere.\n${all
    .map(({ secret }) => secret)
    .join('\n')}\n`
  if (writeOwnerFile(file, text, { isNew: keys.length === 0 })) return all
  return keysIn(readOwnerFile(file, words) ?? '', file)
}

/**
 * Gives the copy of a database the keys of its source, where no others lie there. Answers the file of the source, when whoever
 * uses the copy must be given the keys by hand; undefined: they have them, or there are none.
 */
export function handSealingKeysOn(source: KeyPlace, target: KeyPlace): string | undefined {
  const from = sealingKeyFileOf(source)
  const to = sealingKeyFileOf(target)
  if (from === undefined || !existsSync(from) || from === to) return undefined
  if (to === undefined || existsSync(to)) return from
  copyFileSync(from, to, constants.COPYFILE_EXCL)
  return undefined
}
