import { dirname, join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { type Connection, hookSecretsOf, isConnection } from '../shape/connection.ts'

/** The connections of a configuration, each under its own name. @throws `bad-connector` */
export function connectionsOf({
  connectors = {},
}: {
  connectors?: Readonly<Record<string, unknown>>
}): Connection[] {
  return Object.entries(connectors).map(([name, each]) => {
    if (!isConnection(each))
      throw new ReeveError(
        'bad-connector',
        `\`connectors.${name}\` is not a connection. Write what the connector's function gives: connectors: { stripe: stripe() }`,
      )
    if (each.name === name) return each
    throw new ReeveError(
      'bad-connector',
      `\`connectors.${name}\` is the connection "${each.name}": its tools are ${each.name}.…, so it stands under that name. Write it there, or name it: { name: '${name}' }`,
    )
  })
}

/** Where the stand-ins of a project keep what they did; undefined: nowhere. */
export function sandboxFolder(
  folder: string,
  database: { kind: 'postgres' } | { kind: 'sqlite'; file: string },
): string | undefined {
  if (database.kind === 'postgres') return join(folder, '.reeve', 'sandbox')
  return database.file === ':memory:' ? undefined : join(dirname(database.file), 'sandbox')
}

/** What stand-ins sign their events with stands where nobody sealed another. */
export function standInSecrets(
  connections: readonly Connection[],
  isSandbox: boolean,
): (name: string) => string | undefined {
  const secrets = new Map<string, string>()
  for (const { name, definition, mode } of connections) {
    // They are published: of a live connection they would let anybody post events.
    if (!isSandbox && mode !== 'sandbox') continue
    for (const [trigger, secret] of Object.entries(definition.sandbox.standIn.webhookSecrets ?? {}))
      secrets.set(hookSecretsOf(name, trigger, mode)[0], secret)
  }
  return (name) => secrets.get(name)
}
