import { ReeveError } from '../../../base/errors.ts'
import type { Finding } from '../../../inspect/health/checks/finding.ts'
import { internalsOf, type Runtime } from '../../../runtime/runtime.ts'
import { openSecret } from '../../../store/secrets/open-secret.ts'
import { listSecrets, marksSecret } from '../../../store/secrets/sealed-rows.ts'
import { secretsOfHook } from '../../../triggers/hook-door.ts'
import { hookOf } from '../../../triggers/named-triggers.ts'

/** Whether what is kept can be opened, is used, and is all that tools and triggers name. */
export async function checkSecrets(runtime: Runtime): Promise<Finding[]> {
  const { database, vault, secretUses, triggers } = internalsOf(runtime)
  const what = 'secrets'
  const { variables = {} } = runtime.environment
  const rows = await listSecrets(database)
  const findings: Finding[] = []
  for (const row of rows) {
    try {
      openSecret(row, vault.keys)
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error
      findings.push({ what, state: 'error', found: error.message })
    }
  }
  // Reeve's own is none that the project could leave unused.
  const kept = new Set(rows.map(({ name }) => name).filter((name) => name !== marksSecret))
  for (const [name, users] of secretUses) {
    // Of a trigger's several secrets one is enough, and an account that is not connected is told elsewhere.
    const tools = users.filter((user) => !/^(?:trigger|connection) /.test(user))
    if (tools.length === 0 || kept.has(name) || vault.known(name) !== undefined) continue
    findings.push({
      what,
      state: 'warning',
      found: `${name} is not kept, and ${tools.join(', ')} cannot do without it`,
      advice: 'Keep it',
      command: ['secrets', 'set', name],
    })
  }
  for (const { name, trigger } of triggers.values()) {
    const hook = hookOf(trigger)
    const secrets = hook && secretsOfHook(hook, { vault, variables })
    if (secrets && 'closed' in secrets)
      findings.push({
        what,
        state: 'warning',
        found: `the webhook of trigger ${name} is closed: ${secrets.closed}`,
      })
  }
  const unused = [...kept].filter((name) => !secretUses.has(name) && !name.endsWith('_API_KEY'))
  if (unused.length > 0) {
    const found = `no tool, trigger or connection of the project names ${unused.join(', ')}`
    const advice =
      'If nothing else uses them, revoke them at their services, then delete them: reeve secrets delete NAME'
    findings.push({ what, state: 'warning', found, advice })
  }
  if (findings.length > 0) return findings
  const found =
    kept.size === 0 ? 'none is kept' : `${kept.size} kept, sealed by the key in ${vault.keys.place}`
  return [{ what, state: 'ok', found }]
}
