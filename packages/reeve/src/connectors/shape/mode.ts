/** Where the effects of a connection go: the real account, or the service's test environment, or else its stand-in. */
export type Mode = 'live' | 'sandbox'

/** What a project says of a connection beside what is common to all, such as a subdomain. Plain data. */
export type Settings = Readonly<Record<string, unknown>>
