import type { GoogleSignIn } from '../../../src/connectors/google/google-stand-in.ts'
import type { StandIn } from '../../../src/connectors/stand-in/stand-in.ts'
import type { ConnectorCase } from '../../../src/testing/connector-checks/case.ts'

/** How a case of Google signs in. */
export function googleTokens(
  signInOf: (standIn: StandIn) => GoogleSignIn,
): NonNullable<ConnectorCase['oauth']> {
  return {
    tokens: (standIn) => signInOf(standIn).tokens,
    credential: (standIn) => {
      const { accessToken, refreshToken } = signInOf(standIn).tokens.issue()
      const client = { client_id: 'stand-in-client', client_secret: 'stand-in-secret' }
      return JSON.stringify({ ...client, access_token: accessToken, refresh_token: refreshToken })
    },
  }
}
