/** A service's stand-in at work: a server on this machine that speaks its wire format. */
export interface RunningStandIn {
  /** In the place of the connector's `url`. */
  readonly url: string
  /** In the place of its `endpoints`, by name. */
  readonly endpoints?: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** For the start of a stand-in. */
export interface SandboxOptions {
  /** A file of its own, where it keeps what it did, so that it outlives its process. Absent: in memory. */
  file?: string | undefined
  /** Default: any port that is free. */
  port?: number | undefined
  /** The clock of whoever calls it (ms since 1970), which a test moves. Default: the system's. */
  now?: () => number
}

/** The stand-in of a service, as a connector declares it. */
export interface SandboxStandIn {
  /** The credential that it takes, as it would be sealed: a key, or JSON. No secret, and of no use anywhere else. */
  readonly credential: string
  /** What it signs its events with, by the names of the connector's webhook triggers. No secret either. */
  readonly webhookSecrets?: Readonly<Record<string, string>>
  /** Loads it when it is used: `() => import('./stand-in.ts').then(({ start }) => start)`. */
  load(): Promise<(options: SandboxOptions) => Promise<RunningStandIn>>
}
