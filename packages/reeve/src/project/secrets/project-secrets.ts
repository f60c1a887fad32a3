import type { Reveal } from '../../base/secrets/secret-handle.ts'
import { type Connection, hookSecretsOf, secretNameOf } from '../../connectors/shape/connection.ts'
import { keyUsed, type ProviderKeys } from '../../models/providers/model-object.ts'
import type { Vault } from '../../store/secrets/vault.ts'
import type { Tool } from '../../tools/tool.ts'
import { hookOf, type NamedTrigger } from '../../triggers/named-triggers.ts'
import type { ProjectConfig } from '../config.ts'

/** Where a name has no secret: what the project lets come from the environment. */
export function fallbackOf(
  { fromEnvironment = false }: Partial<NonNullable<ProjectConfig['secrets']>> = {},
  variables: Readonly<Record<string, string | undefined>> = {},
): ((name: string) => string | undefined) | undefined {
  if (fromEnvironment === false) return undefined
  return (name) =>
    fromEnvironment === true || fromEnvironment.includes(name) ? variables[name] || undefined : undefined
}

/** Opens secrets for parts of the project that its code gave them to. */
export function openerOf(vault: Vault): Reveal {
  const one = async (name: string) => {
    const { value, version } = await vault.read(name)
    vault.noteUse(name, version)
    return value
  }
  return (secret) => (typeof secret === 'string' ? one(secret) : secret.opened(one))
}

const keyName = /^[A-Z][A-Z0-9_]*_API_KEY$/

/**
 * The keys of models: sealed ones before those of the environment. A sealed one that is rotated is used by the next question; one
 * that was not there when the process began counts from its next start.
 */
export function modelKeys(keys: ProviderKeys, vault: Vault): ProviderKeys {
  const sealed = vault.names().filter((name) => keyName.test(name))
  if (sealed.length === 0) return keys
  const both: Record<string, string | undefined> & ProviderKeys = {
    ...keys,
    [keyUsed]: (name) => vault.used(name),
  }
  for (const name of sealed)
    Object.defineProperty(both, name, { enumerable: true, get: () => vault.known(name) ?? keys[name] })
  return both
}

/** Which tools, triggers and connections of a project use which secrets. `kept`: the names of those there are. */
export function secretUses(
  tools: Iterable<Tool>,
  triggers: Iterable<NamedTrigger>,
  connections: Iterable<Connection>,
  kept: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>()
  const add = (secret: string, user: string) => uses.set(secret, [...(uses.get(secret) ?? []), user])
  for (const { name, secrets } of tools) for (const secret of secrets) add(secret, name)
  for (const { name, trigger } of triggers)
    for (const secret of hookOf(trigger)?.secrets ?? []) add(secret.name, `trigger ${name}`)
  for (const connection of connections)
    for (const secret of secretsOfConnection(connection, kept))
      if (!uses.has(secret)) add(secret, `connection ${connection.name}`)
  return uses
}

/** Of both modes: one that is not at work now is no reason to delete a credential. */
function secretsOfConnection(connection: Connection, kept: readonly string[]): Set<string> {
  const { name, accounts, definition } = connection
  const named =
    accounts.choice === 'one'
      ? [accounts.account]
      : accounts.choice === 'several'
        ? accounts.accounts
        : accountsKept(name, kept)
  const modes = ['live', 'sandbox'] as const
  const triggers = Object.keys(definition.triggers ?? {})
  return new Set(
    modes.flatMap((mode) => [
      ...named.map((account) => secretNameOf(connection, account, mode)),
      ...triggers.flatMap((trigger) => hookSecretsOf(name, trigger, mode)),
    ]),
  )
}

/** The accounts of whoever runs act for: what there is of them. */
function accountsKept(connection: string, kept: readonly string[]): string[] {
  const own = kept.filter((name) => name.startsWith(`${connection}:`))
  return [...new Set(own.map((name) => name.split(':')[1]!))]
}
