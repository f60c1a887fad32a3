import { ReeveError } from '../../base/errors.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { visibleJson, visibleLine } from '../../base/text/visible-text.ts'
import { formatMs, moment } from '../../base/time/time.ts'
import type { AccountView, ConnectorView } from '../../connectors/host/view.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { table } from '../terminal/table.ts'
import { modeOf } from './mode-option.ts'

/** Lists the connections to services, and how their accounts stand. */
export function list(cli: Cli): Promise<ExitCode> {
  return withBackend(
    cli,
    async (backend) => {
      const connectors = await backend.connectors.list()
      cli.terminal.value({ connectors })
      if (connectors.length === 0)
        cli.terminal.line('This project has no connections. Add them to `connectors` of reeve.config.ts.')
      else show(cli, connectors)
      return exitCodes.done
    },
    'code',
  )
}

function show({ terminal }: Cli, connectors: readonly ConnectorView[]): void {
  const rows = connectors.flatMap((each) =>
    each.accounts.map((account) => [
      each.name,
      account.account,
      account.isStandIn ? 'stand-in' : each.mode,
      account.state,
      `${each.connector} ${each.version} (${each.vendorApi})${each.isAccepted ? '' : ', not accepted'}`,
      said(account),
    ]),
  )
  for (const line of table(['connection', 'account', 'mode', 'state', 'connector', ''], rows))
    terminal.line(line)
}

function said({ reason, waiting, rates, identity }: AccountView): string {
  const slow = rates
    .filter(({ backlogMs }) => backlogMs > 0)
    .map(({ class: its, backlogMs }) => `${its}: ${formatMs(backlogMs)} behind`)
  const parts = [
    identity === null ? '' : safeLine(identity),
    reason === null ? '' : visibleLine(safeLine(reason)).slice(0, 200),
    waiting > 0 ? `${waiting} ${waiting === 1 ? 'call waits' : 'calls wait'}` : '',
    ...slow,
  ]
  return parts.filter((part) => part !== '').join('; ')
}

interface AccountOption {
  account?: string
}

/** Makes a test call: with one account, with each of a connection, or with all there are. Fails when one is not connected. */
export function test(cli: Cli, { account }: AccountOption, name: string | undefined): Promise<ExitCode> {
  return withBackend(
    cli,
    async (backend) => {
      const there = await backend.connectors.list()
      const all = there.filter((each) => name === undefined || each.name === name)
      if (name !== undefined && all.length === 0) {
        const advice = nameAdvice(
          name,
          there.map((each) => each.name),
        )
        throw new ReeveError(
          'unknown-connection',
          `There is no connection "${name}" in this project. ${advice}`,
        )
      }
      const tested: ConnectorView[] = []
      for (const each of all) {
        const accounts = each.accounts.filter((one) => account === undefined || one.account === account)
        let view = each
        for (const one of accounts) view = await backend.connectors.test(each.name, one.account)
        tested.push(view)
      }
      cli.terminal.value({ connectors: tested })
      show(cli, tested)
      const isWell = tested.every((each) => each.accounts.every(({ state }) => state === 'connected'))
      return isWell ? exitCodes.done : exitCodes.failed
    },
    'code',
  )
}

/** Lists what a connection was, and who accepted it. */
export function versions(cli: Cli, _: object, name: string): Promise<ExitCode> {
  return withBackend(
    cli,
    async (backend) => {
      const all = await backend.connectors.versions(name)
      cli.terminal.value({ versions: all })
      const rows = all.map((each) => [
        each.version,
        each.vendorApi,
        each.mode,
        each.fingerprint,
        moment(Date.parse(each.seenAt)),
        each.acceptedAt === null
          ? 'not accepted'
          : `${moment(Date.parse(each.acceptedAt))} by ${safeLine(each.acceptedBy ?? '')}`,
      ])
      if (rows.length === 0) cli.terminal.line('None was seen yet: it is written down when a worker starts.')
      else
        for (const line of table(['version', 'vendor', 'mode', 'contract', 'seen', 'accepted'], rows))
          cli.terminal.line(line)
      return exitCodes.done
    },
    'code',
  )
}

/** Shows what changed of a connection since it was accepted; with `--accept` an owner says yes to it. */
export function diff(
  cli: Cli,
  { accept = false, why }: { accept?: boolean; why?: string },
  name: string,
): Promise<ExitCode> {
  return withBackend(
    cli,
    async (backend) => {
      const { terminal } = cli
      const seen = await backend.connectors.diff(name)
      const said = (value: unknown) =>
        value === null
          ? 'none'
          : visibleJson(value as never, 0)
              .replaceAll('\n', ' ')
              .slice(0, 300)
      if (!accept) terminal.value(seen)
      if (seen.isAccepted) terminal.line(`${name} ${seen.to} is what was accepted.`)
      else terminal.line(`${name} ${seen.from ?? '(none)'} → ${seen.to}`)
      for (const { path, before, after } of seen.changes) {
        terminal.line(`  ${path}`)
        terminal.line(terminal.colors.red(`    - ${said(before)}`))
        terminal.line(terminal.colors.green(`    + ${said(after)}`))
      }
      if (!accept) {
        if (!seen.isAccepted)
          terminal.line(
            `Calls of what changed wait. Accept it: ${cli.command('connectors', 'diff', name, '--accept')}`,
          )
        return exitCodes.done
      }
      terminal.value(await backend.connectors.accept(name, why))
      terminal.line('accepted')
      return exitCodes.done
    },
    'code',
  )
}

/** Deletes the credential of an account: its calls wait from then on. */
export function disconnect(
  cli: Cli,
  { account = 'default', mode }: AccountOption & { mode?: string },
  name: string,
): Promise<ExitCode> {
  const its = modeOf(mode)
  return withBackend(
    cli,
    async (backend) => {
      const view = await backend.connectors.disconnect(name, account, its)
      cli.terminal.value(view)
      cli.terminal.line(
        `The account "${account}" of ${name} is disconnected: its credential is deleted here, and its calls wait. It counts at ${view.title} until you revoke it there: ${view.where}`,
      )
      return exitCodes.done
    },
    'code',
  )
}
