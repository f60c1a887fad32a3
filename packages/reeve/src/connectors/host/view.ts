import { isoText } from '../../base/time/time.ts'
import { type AccountRow, type AccountState, listAccounts } from '../../store/connectors/accounts.ts'
import { awaitedAccount } from '../../store/connectors/awaited-of-people.ts'
import { listLastVersions, listVersions, type VersionRow } from '../../store/connectors/versions.ts'
import type { Session } from '../../store/database.ts'
import { listAwaited } from '../../store/runs/awaited.ts'
import { listRates, type RateStanding } from '../../store/spending/call-rates.ts'
import type { Connection } from '../shape/connection.ts'
import { schemesOf, secretNameOf } from '../shape/connection.ts'
import { type Contract, type ContractChange, contractDiff, fingerprintOf } from '../shape/contract.ts'
import type { Mode } from '../shape/mode.ts'
import type { Connections } from './connections.ts'
import { serviceRates } from './rates.ts'

/** An account of a connection, as screens show it. */
export interface AccountView {
  account: string
  mode: Mode
  state: AccountState
  reason: string | null
  since: string
  /** The service's own id of it. */
  identity: string | null
  scopes: string[] | null
  probedAt: string | null
  /** When it is looked at next. */
  nextProbeAt: string
  connectedBy: string | null
  connectedAt: string | null
  /** How often its token was renewed. */
  refreshes: number
  /** Calls that wait for it. */
  waiting: number
  /** What its credential is sealed under. */
  secret: string
  /** Whether its requests go to the stand-in on this machine. */
  isStandIn: boolean
  rates: RateView[]
}

export interface RateView {
  class: string
  count: number
  perMs: number
  /** What the service said of itself, where that is less. */
  learnt: { count: number; perMs: number } | null
  /** Until when it takes nothing. */
  blockedUntil: string | null
  /** How long the calls that wait for it will take to begin (ms). */
  backlogMs: number
}

/** A connection, as screens show it. */
export interface ConnectorView {
  name: string
  title: string
  connector: string
  version: string
  /** The vendor's own version, which each request asks for. */
  vendorApi: string
  mode: Mode
  /** The whole project is in sandbox. */
  isForced: boolean
  actions: string[]
  triggers: string[]
  /** Where a person finds the credential. */
  where: string
  /** What signing in asks for. */
  fields: { name: string; label: string; isShown: boolean }[]
  /** What it is now was accepted by an owner, or is the first. */
  isAccepted: boolean
  accounts: AccountView[]
}

export async function connectorViews(connections: Connections): Promise<ConnectorView[]> {
  const known = await readKnown(connections.database)
  return Promise.all([...connections.all.values()].map((each) => viewOf(connections, each, known)))
}

export async function connectorView(
  connections: Connections,
  connection: Connection,
): Promise<ConnectorView> {
  return viewOf(connections, connection, await readKnown(connections.database))
}

/** What the database has of all connections: read once, however many there are. */
interface Known {
  accounts: AccountRow[]
  /** How many calls wait, by what they wait for. */
  waiting: ReadonlyMap<string, number>
  /** Connections whose newest version no owner has accepted. */
  unaccepted: ReadonlySet<string>
  /** By `rateId`. */
  rates: ReadonlyMap<string, RateStanding>
}

async function readKnown(database: Session): Promise<Known> {
  const [accounts, awaited, versions, rates] = await Promise.all([
    listAccounts(database),
    listAwaited(database),
    listLastVersions(database),
    listRates(database, serviceRates),
  ])
  return {
    accounts,
    waiting: new Map(awaited.map(({ what, calls }) => [what, Number(calls)])),
    unaccepted: new Set(
      versions.filter(({ accepted_at }) => accepted_at === null).map(({ connection }) => connection),
    ),
    rates: new Map(rates.map((rate) => [rateId(rate), rate])),
  }
}

function rateId({ name, key }: { name: string; key: string }): string {
  return JSON.stringify([name, key])
}

async function viewOf(
  connections: Connections,
  connection: Connection,
  known: Known,
): Promise<ConnectorView> {
  const { name, definition, accounts, contract } = connection
  const mode = connections.modeOf({ connection })
  const rows = known.accounts.filter((row) => row.connection === name && row.mode === mode)
  const named =
    accounts.choice === 'one' ? [accounts.account] : accounts.choice === 'several' ? accounts.accounts : []
  for (const account of named)
    if (!rows.some((row) => row.account === account))
      rows.push(await connections.states.ensure({ connection: name, account, mode }))
  const scheme = schemesOf(connection)[0]
  return {
    name,
    title: definition.title,
    connector: definition.name,
    version: contract.version,
    vendorApi: contract.vendorApi,
    mode,
    isForced: connections.isSandbox && connection.mode !== 'sandbox',
    actions: Object.keys(contract.actions),
    triggers: Object.keys(contract.triggers),
    where: scheme?.where ?? '',
    fields: (scheme?.fields ?? []).map((field) => ({
      name: field.name,
      label: field.label,
      isShown: field.isShown ?? false,
    })),
    isAccepted: !known.unaccepted.has(name),
    accounts: await Promise.all(rows.map((row) => accountView(connections, connection, row, known))),
  }
}

async function accountView(
  connections: Connections,
  connection: Connection,
  row: AccountRow,
  known: Known,
): Promise<AccountView> {
  const { account, mode } = row
  const place = { connection, account, action: 'health', class: 'default' }
  const iso = (at: number | null) => (at === null ? null : isoText(at))
  return {
    account,
    mode,
    state: row.state,
    reason: row.reason,
    since: isoText(row.since),
    identity: row.identity,
    scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as string[]),
    probedAt: iso(row.probed_at),
    nextProbeAt: isoText(row.probe_at),
    connectedBy: row.connected_by,
    connectedAt: iso(row.connected_at),
    refreshes: row.refreshes,
    waiting: known.waiting.get(awaitedAccount(row)) ?? 0,
    secret: secretNameOf(connection, account, mode),
    isStandIn: mode === 'sandbox' && connections.credentials.sandboxCredential(place) === undefined,
    rates: ratesOf(connections, place, known),
  }
}

function ratesOf(
  connections: Connections,
  place: Parameters<Connections['rate']>[0],
  known: Known,
): RateView[] {
  const classes = ['default', ...Object.keys(place.connection.definition.rate.classes ?? {})]
  const now = connections.clock.now()
  return classes.map((its) => {
    const rate = connections.rate({ ...place, class: its })
    const kept = known.rates.get(rateId(rate))
    const learnt =
      kept?.learnt_count && kept.learnt_per_ms
        ? { count: kept.learnt_count, perMs: kept.learnt_per_ms }
        : null
    return {
      class: its,
      count: rate.count,
      perMs: rate.perMs,
      learnt,
      blockedUntil: kept && kept.blocked_until > now ? isoText(kept.blocked_until) : null,
      backlogMs: kept ? Math.max(0, kept.promised_at - now) : 0,
    }
  })
}

/** A version of a connection, as screens show it. */
export interface VersionView {
  id: number
  version: string
  vendorApi: string
  fingerprint: string
  mode: Mode
  seenAt: string
  acceptedAt: string | null
  acceptedBy: string | null
}

export async function versionViews(session: Session, name: string): Promise<VersionView[]> {
  return (await listVersions(session, name)).map((row) => ({
    id: row.id,
    version: row.version,
    vendorApi: (JSON.parse(row.contract) as Contract).vendorApi,
    fingerprint: row.fingerprint,
    mode: row.mode,
    seenAt: isoText(row.seen_at),
    acceptedAt: row.accepted_at === null ? null : isoText(row.accepted_at),
    acceptedBy: row.accepted_by,
  }))
}

export interface DiffView {
  from: string | null
  to: string
  isAccepted: boolean
  changes: ContractChange[]
}

/** What the connection is now, against what was accepted last. */
export async function diffView(session: Session, connection: Connection): Promise<DiffView> {
  const versions = await listVersions(session, connection.name)
  const mode = versions.at(-1)?.mode
  const accepted = versions.findLast((each: VersionRow) => each.mode === mode && each.accepted_at !== null)
  const before = accepted && (JSON.parse(accepted.contract) as Contract)
  const { contract } = connection
  return {
    from: before?.version ?? null,
    to: contract.version,
    isAccepted: accepted === undefined || accepted.fingerprint === fingerprintOf(contract),
    changes: before ? contractDiff(before, contract) : [],
  }
}
