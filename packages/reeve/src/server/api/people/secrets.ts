import { z } from 'zod'
import { secretList, secretView } from '../../../inspect/authority/secret-list.ts'
import { deleteSecret, setSecret } from '../../../store/secrets/change-secrets.ts'
import { keysToSetWith } from '../../../store/secrets/key/keys-to-set-with.ts'
import { unknownSecret } from '../../../store/secrets/open-secret.ts'
import { findSecret } from '../../../store/secrets/sealed-rows.ts'
import { read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf } from '../acting.ts'
import { name, time } from '../parts.ts'

const kept = z.object({
  name,
  version: z.number().int().describe('Which value this is, from 1'),
  setAt: time,
  setBy: z.string(),
  usedAt: time.nullable().describe('To the hour; null: never'),
  key: z.string().describe('The id of the key that it is sealed with'),
  usedBy: z
    .array(z.string())
    .nullable()
    .describe('The tools, triggers and connections of the project that use it'),
})

const list = read({
  path: '/api/secrets',
  role: 'operator',
  summary: 'List the secrets that are kept: names, never values',
  answer: z.object({ items: z.array(kept) }),
  tell: async ({ service: { database, internals } }) => ({
    items: await secretList(database, internals.secretUses),
  }),
})

const set = write({
  method: 'PUT',
  path: '/api/secrets/:secret',
  role: 'owner',
  summary:
    'Set a secret: its value is sealed under a name, and the one before counts no more from the next call on',
  params: z.strictObject({ secret: name }),
  body: z.strictObject({
    value: z.string().max(20_000).describe('8 to 16,384 characters. It is never told again'),
    mustExist: z.boolean().optional().describe('Whether only a secret that is kept already gets it'),
  }),
  answer: kept,
  // A digest of the request would be one of the value.
  keepsKey: true,
  subjectOf: ({ params }) => params.secret,
  async act({ service, caller, params, body }) {
    const { vault } = service.internals
    const { secret } = params
    vault.hide(body.value)
    const known = vault.known(secret) === body.value && (await findSecret(service.database, secret))
    // Asked for again, as after an answer that was lost: it is so already.
    if (!known) {
      if (body.mustExist && !(await findSecret(service.database, secret))) throw unknownSecret(secret)
      const keys = await keysToSetWith(service.database, service.keyPlace)
      const given = { name: secret, value: body.value, keys }
      await service.database.transaction((session) => setSecret(session, given, actingOf(service, caller)))
      await vault.lookAgain()
    }
    return { subject: secret }
  },
  tell: ({ service }, its) => viewOf(service, its),
})

const remove = write({
  method: 'DELETE',
  path: '/api/secrets/:secret',
  role: 'owner',
  summary: 'Delete a secret: calls that need it fail from then on, and say so',
  params: z.strictObject({ secret: name }),
  answer: z.object({ name }),
  subjectOf: ({ params }) => params.secret,
  async act({ service, database, caller, params }) {
    await database.transaction((session) => deleteSecret(session, params.secret, actingOf(service, caller)))
    await service.internals.vault.lookAgain()
    return { subject: params.secret }
  },
  tell: async (_call, its) => ({ name: its }),
})

async function viewOf({ database, internals }: Service, secret: string): Promise<z.input<typeof kept>> {
  const row = await findSecret(database, secret)
  if (!row) throw unknownSecret(secret)
  return secretView(row, internals.secretUses)
}

export const secrets = { list, set, remove }
