import { ReeveError } from '../../../base/errors.ts'
import type { Secret } from '../../../base/secrets/secret-handle.ts'
import type { CallSite } from '../../call-site.ts'
import type { Effect } from './definition.ts'

/**
 * Opens a secret for a tool: one that it declares, and no other. Whoever may call the tool may have it open them.
 * @throws `secret-not-declared` `unknown-secret` `secrets-key-missing` `secret-forged`
 */
export function revealFor(site: CallSite, effect: Effect, secret: Secret | string): Promise<string> {
  const one = async (name: string) => {
    if (!effect.secrets?.includes(name)) throw notDeclared(effect, name)
    const { vault } = site.services
    if (!vault) throw noVault(name)
    const { value, version } = await vault.read(name)
    vault.noteUse(name, version)
    return value
  }
  return typeof secret === 'string' ? one(secret) : secret.opened(one)
}

/** Why the effect could not open what it declares; undefined: it could. So nothing is sent by halves. */
export async function secretProblem(site: CallSite, { secrets = [] }: Effect): Promise<unknown> {
  const { vault } = site.services
  try {
    for (const name of secrets) {
      if (!vault) throw noVault(name)
      await vault.read(name)
    }
    return undefined
  } catch (error) {
    return error
  }
}

function notDeclared({ name, secrets = [] }: Effect, secret: string): ReeveError {
  return new ReeveError(
    'secret-not-declared',
    `The tool "${name}" wants the secret ${secret}, and declares ${secrets.join(', ') || 'none'}. Add it to \`secrets\` of the tool, if it may have it.`,
  )
}

function noVault(name: string): ReeveError {
  return new ReeveError('unknown-secret', `There is no secret ${name} here: this engine keeps none.`)
}
