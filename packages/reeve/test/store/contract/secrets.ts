import { expect } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { Secrets } from '../../../src/base/secrets/secrets.ts'
import { listActs } from '../../../src/inspect/authority/act-list.ts'
import type { Acting } from '../../../src/store/authority/acting.ts'
import { verifyActs } from '../../../src/store/authority/authority-log.ts'
import type { Database } from '../../../src/store/database.ts'
import { deleteSecret, resealSecrets, setSecret } from '../../../src/store/secrets/change-secrets.ts'
import type { SealingKeys } from '../../../src/store/secrets/key/key-file.ts'
import { SealingKey } from '../../../src/store/secrets/key/sealing-key.ts'
import { findSecret, listSealed } from '../../../src/store/secrets/sealed-rows.ts'
import { Vault } from '../../../src/store/secrets/vault.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import { type Open, storeCase } from './fixtures.ts'

const acting: Acting = { by: 'ada', proof: 'local-user', at: 7 }

function keysOf(...keys: SealingKey[]): SealingKeys {
  return { keys, file: undefined, place: 'the test' }
}

function set(database: Database, name: string, value: string, keys: SealingKeys, expected?: number) {
  return database.transaction((session) => setSecret(session, { name, value, keys, expected }, acting))
}

function vaultOf(database: Database, keys: SealingKeys, secrets = new Secrets()): Vault {
  return new Vault({ database, readKeys: () => keys, secrets, clock: new FakeClock(), log: silentLog })
}

export function secretCases(open: Open): void {
  storeCase('a secret is sealed, opened, replaced, and each change is an act', open, async (database) => {
    const keys = keysOf(SealingKey.make())
    const secrets = new Secrets()
    const vault = vaultOf(database, keys, secrets)
    expect(await set(database, 'PAY', 'first-value-1', keys)).toEqual({ version: 1, isNew: true })
    expect(await vault.read('PAY')).toEqual({ value: 'first-value-1', version: 1 })
    expect(await set(database, 'PAY', 'second-value-2', keys)).toEqual({ version: 2, isNew: false })
    expect(await vault.read('PAY')).toEqual({ value: 'second-value-2', version: 2 })
    expect(secrets.redact('was first-value-1, is second-value-2')).toBe('was [secret], is [secret]')
    const stored = JSON.stringify(await listSealed(database))
    for (const value of ['first-value-1', 'second-value-2']) {
      expect(stored).not.toContain(value)
      expect(stored).not.toContain(Buffer.from(value).toString('base64url'))
    }
    await database.transaction((session) => deleteSecret(session, 'PAY', acting))
    await expect(vault.read('PAY')).rejects.toMatchObject({ code: 'unknown-secret' })
    // A number is not given again: what was sealed under it must not count again.
    expect(await set(database, 'PAY', 'third-value-3', keys)).toEqual({ version: 3, isNew: true })
    expect((await listActs(database)).map(({ type, subject }) => `${type} ${subject}`).reverse()).toEqual([
      'secret-set PAY',
      'secret-rotated PAY',
      'secret-deleted PAY',
      'secret-set PAY',
    ])
    expect((await verifyActs(database)).fault).toBeUndefined()
  })

  storeCase('a value that ended is still left out of journals by who comes later', open, async (database) => {
    const keys = keysOf(SealingKey.make())
    await set(database, 'PAY', 'first-value-1', keys)
    await set(database, 'PAY', 'second-value-2', keys)
    const secrets = new Secrets()
    const vault = vaultOf(database, keys, secrets)
    await vault.load()
    expect(secrets.redact('first-value-1 second-value-2')).toBe('[secret] [secret]')
    expect(vault.known('PAY')).toBe('second-value-2')
  })

  storeCase('rows that were swapped or changed are not opened', open, async (database) => {
    const keys = keysOf(SealingKey.make())
    await set(database, 'MINE', 'my-own-value', keys)
    await set(database, 'BAIT', 'bait-value-x', keys)
    const bait = (await findSecret(database, 'BAIT'))!
    const vault = vaultOf(database, keys)
    const lay = (sealed: string, nonce: string) =>
      database.run(`update secrets set sealed = ?, nonce = ? where name = 'MINE'`, [sealed, nonce])
    const mine = (await findSecret(database, 'MINE'))!
    const flipped = Buffer.from(mine.sealed, 'base64url')
    flipped[0]! ^= 1
    for (const [sealed, nonce] of [
      [bait.sealed, bait.nonce],
      [flipped.toString('base64url'), mine.nonce],
      ['', mine.nonce],
      [mine.sealed, 'AA'],
      [mine.sealed.slice(0, 20), ''],
      ['~~rubbish~~', '~~'],
    ] as const) {
      await lay(sealed, nonce)
      await expect(vault.read('MINE')).rejects.toMatchObject({ code: 'secret-forged' })
    }
    await lay(mine.sealed, mine.nonce)
    await database.run(`update secrets set version = 9 where name = 'MINE'`)
    await expect(vault.read('MINE')).rejects.toMatchObject({ code: 'secret-forged' })
  })

  storeCase('another sealing key takes all or nothing; a lost one loses nothing', open, async (database) => {
    const [first, second, other] = [SealingKey.make(), SealingKey.make(), SealingKey.make()]
    const before = keysOf(first!)
    await set(database, 'ONE', 'value-of-one', before)
    await set(database, 'TWO', 'value-of-two', before)
    await set(database, 'TWO', 'value-of-two-2', before)
    const rows = await listSealed(database)
    for (const keys of [keysOf(), keysOf(other!)]) {
      const vault = vaultOf(database, keys)
      await vault.load()
      await expect(vault.read('ONE')).rejects.toMatchObject({
        code: 'secrets-key-missing',
        message: expect.stringContaining(first!.id),
      })
      await expect(set(database, 'THREE', 'value-of-three', keys)).rejects.toMatchObject({
        code: 'secrets-key-missing',
      })
      const reseal = database.transaction((session) => resealSecrets(session, keys, acting))
      await expect(reseal).rejects.toMatchObject({ code: 'secrets-key-missing' })
      expect(await listSealed(database)).toEqual(rows)
    }
    const both = keysOf(second!, first!)
    expect(await database.transaction((session) => resealSecrets(session, both, acting))).toEqual({
      values: 3,
      resealed: 3,
    })
    expect(await vaultOf(database, keysOf(second!)).read('TWO')).toEqual({
      value: 'value-of-two-2',
      version: 2,
    })
    const [act] = await listActs(database)
    expect(act).toMatchObject({ type: 'secrets-key-set', subject: second!.id })
  })

  storeCase('of those who replace a value at one moment one succeeds', open, async (database) => {
    const keys = keysOf(SealingKey.make())
    const vault = vaultOf(database, keys)
    await set(database, 'TOKEN', 'token-number-0', keys, 0)
    const tries = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((no) => vault.replace('TOKEN', 1, `token-number-${no}`, acting)),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of tries)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'secret-changed' })
    const { value, version } = await vault.read('TOKEN')
    expect(version).toBe(2)
    expect(value).toBe(`token-number-${tries.findIndex(({ status }) => status === 'fulfilled') + 1}`)
    expect((await listSealed(database)).filter(({ ended_at }) => ended_at === null)).toHaveLength(1)
  })

  storeCase('what cannot be kept as a secret is refused, and not shown', open, async (database) => {
    const keys = keysOf(SealingKey.make())
    const rubbish = [
      'qzjx7',
      ` padded-value`,
      'with\u0000zero',
      'broken \ud800 half',
      'x'.repeat(16_385),
      'the [secret] mark',
    ]
    for (const value of rubbish) {
      const error = await set(database, 'PAY', value, keys).catch((reason: Error) => reason)
      expect(error).toMatchObject({ code: 'bad-secret' })
      expect((error as Error).message).not.toContain(value)
    }
    for (const name of ['', 'a b', 'PAY=sk-live-123', '../x', 'é', 'x'.repeat(101), '-x']) {
      const error = await set(database, name, 'a-good-value', keys).catch((reason: Error) => reason)
      expect(error).toMatchObject({ code: 'bad-secret' })
      if (name !== '' && name !== '-x') expect((error as Error).message).not.toContain(name)
    }
    expect(await listSealed(database)).toEqual([])
  })
}
