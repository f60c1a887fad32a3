import { userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested, tamper } from './reeve.ts'

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
  expect(await by(viewer, folder, ['runs'])).toMatchObject({ runs: [{ id: waiting.runId }] })
  for (const args of [
    ['approve', approval],
    ['reject', approval],
    ['cancel', waiting.runId],
    ['pause', waiting.runId],
    ['retry', waiting.runId],
    ['fork', waiting.runId, '--from', '1'],
    ['signal', waiting.runId, 'any'],
    ['override', waiting.runId, '1', '--skip-wait', '--why', 'why'],
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
  const override = ['override', waiting.runId, '1', '--skip-wait', '--why', 'why']
  expect(await by(approver, folder, override)).toMatchObject({ error: { code: 'role-too-low' } })
  expect(await by(approver, folder, ['cancel', waiting.runId])).toMatchObject({
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

interface Failed {
  error: { code: string; message: string }
}

test('grants are narrowed, suspended and widened for a time, and what cannot be is told', async () => {
  const folder = project()
  const told = (args: string[]) => reeveJson<Failed & { id: string; endsAt: string | null }>(folder, args)
  const writer = 'agent:writer'
  const suspended = await told(['revoke', writer, 'mail.send', '--for', '1h', '--why', 'odd mails'])
  const narrowed = await told(['revoke', writer, 'pay', '--narrow', '{"amountUsd":{"max":100}}'])
  expect([suspended.code, narrowed.code]).toEqual([0, 0])
  const codeOf = async (args: string[]) => (await told(args)).error?.code
  expect(await codeOf(['revoke', writer, 'pay', '--narrow', '{"amountUsd":{"min":200}}'])).toBe(
    'contradicting-grants',
  )
  expect(await codeOf(['revoke', writer, 'pay', '--narrow', '{"amountUsd":{"most":1}}'])).toBe('bad-grant')
  expect(await codeOf(['revoke', 'ada', 'pay'])).toBe('unknown-principal')
  expect(await codeOf(['grant', writer, 'no.such', '--for', '2h'])).toBe('grant-without-tool')
  expect(await codeOf(['grant', writer, 'no.such', '--for', '90d'])).toBe('grant-without-tool')
  const { changes } = await reeveJson<{ changes: { id: string; why: string | null; by: string }[] }>(folder, [
    'grants',
  ])
  expect(changes).toMatchObject([
    { id: suspended.id, principal: writer, why: 'odd mails', by: 'ada' },
    { id: narrowed.id, endsAt: null, change: { kind: 'narrow', args: { amountUsd: { max: 100 } } } },
  ])
  expect(await told(['grants', 'back', narrowed.id])).toMatchObject({ undone: true })
  expect(await codeOf(['grants', 'back', narrowed.id])).toBe('grant-change-undone')
  const operator = await tokenFor(folder, 'operator')
  for (const args of [
    ['grant', writer, 'pay', '--for', '2h'],
    ['grants', 'back', suspended.id],
    ['switch', 'allow', '--tool', 'pay'],
    ['principals', 'add', 'eve', '--role', 'owner'],
    ['revoke', 'ada'],
  ])
    expect([args, (await by(operator, folder, args)).error]).toMatchObject([args, { code: 'role-too-low' }])
})

test('calls are switched, agents revoked and everything paused by an operator, and all of it is in the log', async () => {
  const folder = project()
  await reeveJson(folder, ['whoami'])
  const operator = await tokenFor(folder, 'operator')
  expect(await by(operator, folder, ['switch', 'off', '--tool', 'mail.send'])).toMatchObject({
    before: 'allow',
  })
  expect(await by(operator, folder, ['revoke', 'agent:writer', '--why', 'fooled'])).toMatchObject({
    revoked: true,
  })
  expect(await by(operator, folder, ['revoke', 'agent:writer'])).toMatchObject({
    error: { code: 'already-revoked' },
  })
  expect(await by(operator, folder, ['pause-all', '--why', 'bad answers'])).toMatchObject({ paused: true })
  expect(await by(operator, folder, ['resume-all'])).toMatchObject({ paused: false })
  expect(await reeveJson(folder, ['principals', 'reinstate', 'agent:writer'])).toMatchObject({ code: 0 })
  expect(await reeveJson(folder, ['revoke', 'ada'])).toMatchObject({ error: { code: 'last-owner' } })
  expect(await reeveJson(folder, ['principals', 'add', 'operator', '--role', 'viewer'])).toMatchObject({
    error: { code: 'reserved-name' },
  })
  const log = new DatabaseSync(join(folder, '.reeve/reeve.db'), { readOnly: true })
  const rows = log.prepare('select type, principal, proof, subject from authority_log order by seq').all()
  log.close()
  expect(rows.slice(3).map((row) => Object.values(row).join(' '))).toEqual([
    'switch-set ada token tool mail.send',
    'principal-revoked ada token agent:writer',
    'all-paused ada token everything',
    'all-resumed ada token everything',
    'principal-restored ada local-user agent:writer',
  ])
})
