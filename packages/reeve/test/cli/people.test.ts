import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { project, type Rested, reeve, reeveJson, tamper } from './reeve.ts'

const systemUser = userInfo().username

/** A command by a token in place of the local user. */
async function by(token: string, folder: string, args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await reeve(folder, [...args, '--json'], { environment: { REEVE_TOKEN: token } })
  return JSON.parse(stdout) as Record<string, unknown>
}

async function tokenFor(folder: string, role: string): Promise<string> {
  const made = await reeveJson<{ token: string }>(folder, ['token', 'create', role, '--role', role])
  return made.token
}

test('the user of the system is one principal, whatever the environment calls it later', async () => {
  const folder = project()
  expect(await reeveJson(folder, ['whoami'])).toMatchObject({
    principal: 'ada',
    role: 'owner',
    proof: 'local-user',
    localUser: systemUser,
  })
  const { stdout } = await reeve(folder, ['whoami'], { environment: { REEVE_USER: 'eve' } })
  expect(stdout).toMatch(/^ada \(owner\)/)
})

test('a user of the system that is no principal may nothing, and is told what to do', async () => {
  const folder = project()
  await reeveJson(folder, ['whoami'])
  tamper(folder, `update local_users set local_user = 'somebody-else'`)
  for (const args of [['runs'], ['run', 'greet'], ['token', 'list'], ['whoami']]) {
    const { code, error } = await reeveJson<{ error: { code: string; message: string } }>(folder, args)
    expect([args, code, error.code]).toEqual([args, 2, 'unknown-local-user'])
    expect(error.message).toMatch(/An owner makes it one: .* REEVE_TOKEN/)
  }
})

test('each command asks for its role, and changes nothing without it', async () => {
  const folder = project()
  const waiting = await reeveJson<Rested>(folder, [
    'run',
    'reply',
    '--input',
    '{"to":"bo@example.com","text":"Hi"}',
  ])
  const approval = waiting.approvals[0]!.id
  const [viewer, approver] = [await tokenFor(folder, 'viewer'), await tokenFor(folder, 'approver')]
  expect(await by(viewer, folder, ['runs'])).toMatchObject({ runs: [{ id: waiting.run }] })
  for (const args of [
    ['approve', approval],
    ['reject', approval],
    ['cancel', waiting.run],
    ['pause', waiting.run],
    ['retry', waiting.run],
    ['fork', waiting.run, '--from', '1'],
    ['signal', waiting.run, 'any'],
    ['queues', 'pause', 'default'],
    ['sql', 'select 1'],
    ['run', 'greet'],
    ['prune', '--yes'],
    ['token', 'create', 'more', '--role', 'owner'],
    ['token', 'sign-in'],
  ]) {
    const told = await by(viewer, folder, args)
    expect([args, (told.error as { code: string } | undefined)?.code]).toEqual([args, 'role-too-low'])
  }
  expect(await by(approver, folder, ['cancel', waiting.run])).toMatchObject({
    error: { code: 'role-too-low' },
  })
  expect(await by(approver, folder, ['approve', approval])).toMatchObject({ decision: 'approved' })
})

test('an expired, a revoked and an unknown token are told apart', async () => {
  const folder = project()
  const make = async (args: string[]) =>
    reeveJson<{ id: string; token: string }>(folder, ['token', 'create', 'program', ...args])
  const [short, revoked] = [await make(['--expires', '1h']), await make([])]
  await reeveJson(folder, ['token', 'revoke', revoked.id])
  tamper(folder, `update tokens set expires_at = created_at where id = '${short.id}'`)
  const codeBy = async (token: string) => ((await by(token, folder, ['runs'])).error as { code: string }).code
  expect(await codeBy(short.token)).toBe('token-expired')
  expect(await codeBy(revoked.token)).toBe('token-revoked')
  expect(await codeBy('reeve_none')).toBe('not-signed-in')
})
