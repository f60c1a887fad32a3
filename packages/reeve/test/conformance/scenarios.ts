/** Scenarios of the official suite that this server and this client are held to. */
export const serverScenarios = [
  'server-initialize',
  'ping',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-error',
  'resources-list',
  'dns-rebinding-protection',
] as const

export const clientScenarios = ['initialize', 'tools_call', 'sse-retry'] as const
