import type { Part } from '../../tools/openapi/document.ts'
import type { Operation } from '../../tools/openapi/operation.ts'
import { type AuthScheme, apiKey, basic, noAuth, type OAuthSettings, oauth2 } from '../auth/scheme.ts'

/**
 * How a document signs in: by the schemes that every chosen operation takes, in the order of the document. An operation that nobody
 * has to sign in for takes all.
 * @throws `bad-openapi` where there is none that can be used
 */
export function authOf(root: Part, operations: readonly Operation[], where: string): AuthScheme[] {
  const schemes = root.at('components').at('securitySchemes')
  const needs = operations
    .map((operation) => ({ operation, takes: takenBy(root, operation) }))
    .filter(({ takes }) => takes !== undefined)
  if (needs.length === 0) return [noAuth()]
  const names = schemes.entries().map(([name]) => name)
  const common = names.filter((name) => needs.every(({ takes }) => takes!.has(name)))
  const unusable: string[] = []
  const found = common.flatMap((name) => {
    const scopes = new Set(needs.flatMap(({ takes }) => takes!.get(name)!))
    const scheme = schemeOf(schemes.at(name).resolved(), [...scopes], where)
    if (typeof scheme !== 'string') return [scheme]
    unusable.push(`"${name}" ${scheme}`)
    return []
  })
  if (found.length > 0) return found
  const first = needs[0]!.operation
  const why =
    common.length === 0
      ? `no one way to sign in is taken by all of its operations (${first.place} takes ${[...needs[0]!.takes!.keys()].join(', ') || 'none alone'})`
      : unusable.join('; ')
  throw schemes.fault(`${why}. Say with the option \`auth\` how it signs in, or choose other \`operations\``)
}

/** By name, with the scopes that are asked for; undefined: nobody signs in. Two at once are none that is taken alone. */
function takenBy(root: Part, { holders: [operation] }: Operation): Map<string, string[]> | undefined {
  const own = operation.at('security')
  const security = own.missing ? root.at('security') : own
  const ways = security.list()
  if (ways.length === 0) return undefined
  const taken = new Map<string, string[]>()
  for (const way of ways) {
    const parts = way.entries()
    if (parts.length === 0) return undefined
    if (parts.length > 1) continue
    const [name, scopes] = parts[0]!
    taken.set(
      name,
      scopes.list().map((scope) => scope.text()),
    )
  }
  return taken
}

/** A text: why it cannot be used. */
function schemeOf(part: Part, scopes: string[], where: string): AuthScheme | string {
  switch (part.at('type').text()) {
    case 'apiKey': {
      const place = part.at('in').text()
      if (place !== 'header') return `stands in the ${place}, where keys are kept in logs`
      return apiKey({ where, header: part.at('name').text().toLowerCase(), prefix: '' })
    }
    case 'http': {
      const scheme = part.at('scheme').text().toLowerCase()
      if (scheme === 'bearer') return apiKey({ where, label: 'Token' })
      return scheme === 'basic' ? basic({ where }) : `is HTTP "${scheme}"`
    }
    case 'oauth2':
      return oauthOf(part.at('flows'), scopes, where)
    default:
      return `is of the type "${part.at('type').text()}"`
  }
}

function oauthOf(flows: Part, scopes: string[], where: string): AuthScheme | string {
  const code = flows.at('authorizationCode')
  const device = flows.at('deviceAuthorization')
  const client = flows.at('clientCredentials')
  const first = [code, device, client].find((flow) => !flow.missing)
  if (!first) return 'has none of the flows authorizationCode, deviceAuthorization, clientCredentials'
  const address = (flow: Part, name: string) => {
    const url = URL.parse(flow.at(name).text())
    if (url?.protocol === 'https:') return url.href
    throw flow.at(name).fault('it must be a whole address that begins with https://')
  }
  const settings: OAuthSettings = {
    token: address(first, 'tokenUrl'),
    flows: [
      ...(code.missing ? [] : (['code'] as const)),
      ...(device.missing ? [] : (['device'] as const)),
      ...(client.missing ? [] : (['client-credentials'] as const)),
    ],
    scopes,
    ...(!code.missing && { authorize: address(code, 'authorizationUrl') }),
    ...(!device.missing && { device: address(device, 'deviceAuthorizationUrl') }),
  }
  // Whoever connects sees where the application's secret goes.
  return oauth2({ ...settings, where: `${where}; tokens come from ${new URL(settings.token).origin}` })
}
