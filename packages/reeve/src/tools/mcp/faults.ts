import { ReeveError } from '../../base/errors.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'

/** The server broke the protocol: what it said is not to be relied on, and the connection ends. */
export function protocolFault(server: string, what: string): ReeveError {
  return new ReeveError(
    'mcp-protocol',
    `MCP server "${server}" broke the protocol: ${what}. The connection was closed; what it was asked may have happened.`,
    { retryable: true, details: { server } },
  )
}

/** The server sent more than is taken. */
export function floodFault(server: string, what: string): ReeveError {
  return new ReeveError(
    'mcp-flood',
    `MCP server "${server}" sent ${what}. The connection was closed; what it was asked may have happened.`,
    { details: { server } },
  )
}

/** A message was not read: why it was not tells what the server did. */
export function unreadFault(server: string, error: unknown, otherwise: string): ReeveError {
  const code = error instanceof ReeveError ? error.code : ''
  if (code === 'json-too-large') return floodFault(server, 'a message of too many values')
  return protocolFault(server, code === 'json-too-deep' ? 'it sent a message nested too deep' : otherwise)
}

export function diedFault(server: string, how: string): ReeveError {
  return new ReeveError('mcp-server-died', `MCP server "${server}" went away before it answered${how}.`, {
    retryable: true,
    details: { server },
  })
}

/** Nothing was asked of the server's tool: the outcome is known, whatever its effect class. */
export function notAsked(code: string, message: string, options: { retryable?: boolean } = {}): NotApplied {
  const { retryable = false } = options
  return new NotApplied(message, { retryable, cause: new ReeveError(code, message, { retryable }) })
}
